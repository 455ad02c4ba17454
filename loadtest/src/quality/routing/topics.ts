/**
 * What written prompts are about, by the knowledge it takes: everyday life (0), school, office and hobby (1), a degree or a profession (2).
 * From many fields, so that the level is learned from more than a trade's words.
 */
import type { Level } from './levels.ts';

const list = (text: string): string[] => text.trim().split(/\s*[|\n]\s*/);

/** Topics by level. */
export const topics: Readonly<Record<Level, readonly string[]>> = {
  0: list(`my weekend trip to the lake | a lost cat | making pancakes | a birthday dinner | my best friend | a rainy day | walking the dog
    a school picnic | summer holidays | drinking enough water | cleaning my room | a funny dog | moving to a new house | a family game night
    going to the beach | riding a bike | an apple pie | a garden in spring | a surprise party | thanking a neighbour | my favourite movie
    a bedtime story | cooking rice | packing lunch for school | washing clothes | a new pair of shoes | a visit to the zoo | losing my keys
    feeding a goldfish | folding a paper plane | a haircut | ordering pizza | a gift for my mother | a snowman | a walk in the park
    a cup of tea | choosing a phone case | a bus ride to town | planting tomatoes | a scary movie night | taking a nap | a grocery list
    the colours of the rainbow | days of the week | farm animals | the taste of lemons | a sandwich | a broken umbrella | jumping rope
    a trip to grandma's house | a sleepy bear | how to tie a tie | brushing teeth | a pillow fight | a lemonade stand | a missed bus
    a used sofa for sale | headphones I bought last week | a restaurant that serves good burgers | a pop song | a cartoon | an emoji`),
  1: list(`remote work | renewable energy | the causes of the First World War | photosynthesis | healthy eating for office workers
    a small company's marketing plan | social media and teenagers | public transport in large cities | the water cycle | supply and demand
    the plot of Romeo and Juliet | a quarterly sales report | time management | volunteering abroad | electric cars | the French Revolution
    credit scores | climate and tourism | job interviews | household budgeting | the solar system | the Roman Empire | plate tectonics
    the human digestive system | a cover letter for an internship | the stock market for beginners | online privacy | the civil rights movement
    a mortgage | vaccination | poetry of the Romantic age | customer satisfaction surveys | the periodic table | osmosis and diffusion
    a team-building workshop | the parliamentary system | inflation | the Renaissance | first aid for burns | music theory for the guitar
    chess openings | the rules of cricket | travel insurance | a balanced training plan for a half marathon | the greenhouse effect
    negotiating a salary | the ethics of advertising | immigration in the nineteenth century | the Great Depression | recycling policy
    the immune system | simple machines and levers | Greek mythology | a fundraising campaign | the gig economy | project deadlines
    sleep and memory | coral reefs | the invention of printing | a lesson plan on fractions | the themes of a classic novel
    spreadsheet formulas | a press release for a product launch | car maintenance | learning a foreign language`),
  2: list(`the monetary policy of the European Central Bank after 2008 | off-target effects in gene editing | the incompleteness theorems
    consensus in distributed databases | the fiduciary duties of directors | Bayesian hierarchical models | the pathophysiology of heart failure
    quantum error correction | transcendental idealism | antitrust law in platform markets | semiconductor lithography | embodied cognition
    option pricing under stochastic volatility | zero-knowledge proofs | protein folding energetics | the Navier-Stokes equations
    jurisdiction in cross-border insolvency | attention mechanisms and their complexity | epigenetic inheritance | the thermodynamics of black holes
    Lagrangian mechanics of a double pendulum | catalytic cracking | the pharmacokinetics of lithium | differential diagnosis of chest pain
    capital asset pricing | Keynesian and monetarist views of recession | the separation of powers in constitutional law | habeas corpus
    the Krebs cycle and its regulation | signal transduction through G-protein-coupled receptors | convolutional neural networks
    virtual memory and page replacement | the theory of comparative advantage | game-theoretic auctions | post-structuralist literary criticism
    Hegel's dialectic | utilitarian and deontological ethics | cognitive dissonance and attribution theory | classical and operant conditioning
    econometric identification with instruments | panel data with fixed effects | finite element analysis of a bridge | control theory and stability margins
    Fourier analysis of noisy signals | organic reaction mechanisms | nuclear magnetic resonance spectra | plate heat exchangers | turbulence
    the historiography of the Cold War | deterrence and nuclear strategy | phonology and morphosyntax | sociolinguistic variation | urban planning theory
    actuarial reserves | deferred tax under international standards | audit materiality | supply-chain resilience | organisational behaviour
    antibiotic stewardship | staging of lung cancer | neuroplasticity after stroke | infectious disease modelling | orbital mechanics
    chiaroscuro and surrealist painting | twelve-tone composition | virtualization on Linux servers | intrusion detection | elliptic curves
    fluid-structure interaction | population genetics | stellar nucleosynthesis | general relativity | computational complexity classes`),
};
