/** Single words by the knowledge they take, from many fields; see `topics.ts`. */
import type { Level } from './levels.ts';

const list = (text: string): string[] =>
  text
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll('_', ' '));

/** Words by level. */
export const subjects: Readonly<Record<Level, readonly string[]>> = {
  0: list(`jeans pillow kitchen soup banana milk bread butter cheese egg chicken cake candy chocolate juice water fork spoon bowl knife table
    chair sofa lamp bed blanket window door floor towel soap shampoo toothpaste mirror comb shoes socks hat coat dress shirt gloves umbrella bag
    wallet phone television radio computer_mouse camera clock candle balloon toy doll puzzle football basketball swimming running dancing singing
    painting drawing fishing camping hiking picnic beach sand river mountain tree flower grass leaf sun moon star cloud rain snow wind cat dog horse
    cow pig sheep duck rabbit bird fish bear lion elephant monkey bee spider baby mother father brother sister uncle aunt grandmother grandfather
    neighbour teacher friend husband wife boy girl king princess dragon wizard fairy_tale birthday Christmas Halloween wedding holiday weekend morning
    evening night breakfast lunch dinner bus train bicycle car taxi street house garden park school shop supermarket restaurant hotel cinema zoo
    farm happy sad angry tired hungry funny lazy cold hot sweet tall small pretty dirty loud love hug smile laugh cry sleep walk jump emoji rhyme
    alphabet colours numbers weekday joke riddle nickname selfie sandwich burger pasta salad cookie popcorn pancake tea coffee beer haircut manicure`),
  1: list(`essay paragraph thesis grammar synonym metaphor alliteration proverb novel biography interview newspaper headline journalism blog podcast
    advertising brand marketing sales customer invoice budget tax loan mortgage insurance pension salary investment stock bond inflation economy
    trade tariff election democracy parliament constitution senator president citizen law court police crime war treaty revolution empire colony
    slavery monarchy medieval Renaissance industrial_revolution civil_war geography continent latitude volcano earthquake climate ecosystem
    biodiversity pollution recycling solar_energy nuclear_energy gravity friction velocity acceleration force electricity magnetism circuit atom
    molecule element acid base oxygen carbon hydrogen photosynthesis cell bacteria virus vaccine protein vitamin calorie cholesterol diabetes
    allergy blood_pressure heart lung kidney muscle nerve brain memory stress anxiety habit personality motivation leadership teamwork negotiation
    presentation resume internship university scholarship exam curriculum algebra equation fraction geometry triangle percentage probability
    average statistics graph spreadsheet database website software password encryption network browser algorithm loop array function robot drone
    satellite telescope planet comet orbit dinosaur fossil evolution genetics DNA mythology philosophy religion Buddhism Islam Christianity ethics
    psychology sociology orchestra symphony jazz sculpture impressionism theatre Shakespeare architecture photography cinema genre screenplay
    copyright patent contract consumer tourism visa embassy agriculture fertilizer irrigation nutrition yoga marathon chess hops brewing`),
  2: list(`eigenvector manifold homomorphism isomorphism topology measure_theory martingale Markov_chain likelihood posterior heteroskedasticity
    cointegration regression_discontinuity convexity Lagrangian Hamiltonian spinor boson fermion entanglement decoherence superconductivity
    plasma spectroscopy chromatography stoichiometry enthalpy entropy electronegativity ligand catalysis polymerisation chirality
    enzyme_kinetics apoptosis mitochondria ribosome transcription_factor CRISPR epigenetics phylogenetics homeostasis cytokine antigen antibody
    immunotherapy metastasis carcinoma ischemia arrhythmia sepsis appendicitis hypothyroidism pharmacodynamics anticoagulant benzodiazepine
    schizophrenia psychoanalysis attachment_theory neurotransmitter dopamine hippocampus epistemology ontology phenomenology hermeneutics
    deontology utilitarianism existentialism dialectic semiotics pragmatics morphology phonology postcolonialism modernism surrealism historiography
    geopolitics deterrence hegemony federalism jurisprudence tort estoppel fiduciary antitrust arbitration mens_rea due_process liquidity solvency
    derivative_securities arbitrage hedging amortization depreciation goodwill consolidation monetary_policy fiscal_multiplier Phillips_curve
    comparative_advantage oligopoly externality moral_hazard econometrics game_theory Nash_equilibrium backpropagation gradient_descent overfitting
    transformer reinforcement_learning clustering dimensionality_reduction compiler kernel mutex deadlock semaphore virtualization hypervisor
    microservices sharding replication consensus idempotency hashing public_key cryptography buffer_overflow privilege_escalation recursion
    dynamic_programming NP-completeness automata lambda_calculus type_inference FPGA transistor semiconductor impedance Fourier_transform
    convolution modulation servo finite_elements turbulence viscosity thermodynamics heat_exchanger alloy fatigue seismology stratigraphy
    cosmology black_hole neutrino relativity supernova checkmate_in_one endgame counterpoint fugue harmonic_analysis actuarial_science logistics`),
};

/** What is asked of a word that stays at its level. */
export const subjectFrames: readonly string[] =
  `What is {w}?|Tell me about {w}.|Give me five facts about {w}.|What is the difference between {w} and {v}?
Write a sentence with the words "{w}" and "{v}".|How does {w} relate to {v}?|Is it true that {w} comes before {v}?|Which of these is not related to {w}? A) {v} B) {u}
Give a brief description of the given category. Input: {w}|What type of thing is this? {w}|Explain {w} in your own words.|What are common examples of {w}?
Answer with yes or no: can {w} be a kind of {v}?|List words that describe {w}.|Read the text and answer. Text: {w} and {v} were mentioned with {u}. Question: what was mentioned first?
Determine whether the statement is plausible: {w} depends on {v}.|Identify the topic of the sentence: they spoke of {w} and {v}.|Describe the role of {w} in {v}.`
    .split(/[|\n]/)
    .map((frame) => frame.trim());

/** What is asked in addition, which makes a prompt harder: the more of it, the more. */
export const demands: readonly string[] =
  `What benefits and drawbacks would that have?|How would it affect the people involved?|Compare at least two approaches and justify your choice.
Support each claim with evidence.|Consider social, economic and ethical aspects.|What would have happened otherwise, and why?|Discuss the assumptions and limits of your answer.
Include a table, a timeline and a list of risks.|Reference the sources you rely on.|Explain its significance and how it relates to the wider themes.|Analyze the causes in depth.
Address objections that an expert could raise.|Outline a strategy with milestones and a budget.|Evaluate the alternatives by cost, quality and time.|How would you verify that?`
    .split(/[|\n]/)
    .map((demand) => demand.trim());
