/**
 * Prompts made from frames, with task and level, to fit on beside collections that may ship: those have hardly any ordinary writing and
 * asking in them, and none says how hard a prompt is. Level follows what it takes: everyday knowledge and one step (simple), school or
 * office knowledge or a few demands (medium), a profession's knowledge or many demands (complex).
 */
import { Random } from '../fit/random.ts';
import { foreignFrames } from './foreign-prompts.ts';
import type { Level } from './levels.ts';
import { tradeWriting, wordPuzzles } from './plain-prompts.ts';
import {
  chores,
  elements,
  keywords,
  programmingFrames,
  puzzleFrames,
  snippets,
  styleFrames,
} from './programming-prompts.ts';
import { recordPrompt } from './record-prompts.ts';
import { demands, subjectFrames, subjects } from './subjects.ts';
import { topics } from './topics.ts';
import {
  applicationFrames,
  applications,
  colours,
  features,
  problemFrames,
  systemFrames,
  systems,
} from './trade-prompts.ts';

/** Task and level of a prompt. */
export interface WrittenPrompt {
  readonly text: string;
  readonly task: 'code' | 'reasoning' | 'text' | 'ui';
  /** Absent where the frame does not tell. */
  readonly level?: Level;
}

const words = (text: string): string[] => text.split('|').map((each) => each.trim());

const forms: Readonly<Record<Level, string[]>> = {
  0: words(
    'a short poem|a text message|a greeting card|a short note|a joke|a short story for children|a caption|three sentences',
  ),
  1: words(
    'an email to my manager|a blog post|a product description|an essay of five paragraphs|a speech for a wedding|a cover letter|an outline|a summary|a newsletter|a LinkedIn post',
  ),
  2: words(
    'a white paper with an executive summary, risks and references|a grant proposal with aims, methods and evaluation|a critical literature review|a policy memo that weighs three options|a peer review of a manuscript|a screenplay in three acts with subplots and character arcs|a legal brief|a technical report with methodology and limitations',
  ),
};
const askings: Readonly<Record<Level, string[]>> = {
  0: words(
    'What is {t}?|Tell me something nice about {t}.|Give me three ideas for {t}.|Can you help me with {t}?|Do you like {t}?|How do I start with {t}?',
  ),
  1: words(
    'Explain {t} in simple terms.|What are the advantages and disadvantages of {t}?|Summarize what is known about {t}.|Give me tips on {t}.|Compare two views on {t}.|What should I know about {t} before a meeting?',
  ),
  2: words(
    'Critically evaluate the literature on {t}, with attention to methods, and say what remains open.|Explain {t} at the level of a graduate seminar, including the main results, their assumptions and their limits.|Analyze {t}: identify the stakeholders, compare at least three approaches and justify a recommendation.|Design a study on {t} that controls for confounders, and discuss threats to validity.',
  ),
};
const codeTasks: Readonly<Record<Level, string[]>> = {
  0: words(
    'print the numbers from 1 to 10|reverse a string|add two numbers|find the length of a list|convert a string to lower case|check whether a number is even|read a line from the user|join a list of words with commas|round a number to two decimals|get the current date',
  ),
  1: words(
    'remove duplicates from a list of dictionaries by key|parse a CSV file and group its rows by month|find the longest common prefix of several strings|send a POST request with JSON and retry on failure|sort objects by two fields|validate an e-mail address with a regular expression|merge two sorted arrays|connect to a PostgreSQL database and run a query|count words in all files of a folder|implement a queue with two stacks',
  ),
  2: words(
    'implement a lock-free concurrent hash map with resizing|build a distributed rate limiter with Redis and a sliding window that survives a failover|write a compiler front end with a lexer, a Pratt parser and type inference|design and implement an event-sourced order service with idempotent consumers and exactly-once semantics|implement Raft leader election and log replication with tests|find the minimum-cost flow in a network with demands in O(VE log V)|write a memory allocator with thread caches|implement a B+ tree with crash recovery by write-ahead logging|train a transformer from scratch with mixed precision on several GPUs|refactor a monolith into microservices and keep its public API',
  ),
};
const languages = words('Python|JavaScript|TypeScript|Java|C++|C#|Go|Rust|PHP|Ruby|SQL|Bash|Kotlin|Swift|R');
const codeFrames = words(
  'Write a {l} function to {c}.|How do I {c} in {l}?|{c} in {l}|Please write {l} code that can {c}.|I need a {l} script to {c}. Can you show me how?|My {l} program should {c} but it throws an exception. What is wrong?|Give me an example in {l}: {c}',
);
const uiThings: Readonly<Record<Level, string[]>> = {
  0: words(
    'a red button|a heading with the text Hello|a link to the home page|a centered image|a list of three items|a page title|a text input',
  ),
  1: words(
    'a contact form with validation messages|a navigation bar with a dropdown menu|a product card with picture, price and a buy button|a todo list page|a login page with dark mode|a photo gallery with three columns|a pricing table|a landing page for a bakery',
  ),
  2: words(
    'a responsive analytics dashboard with filters, charts, keyboard navigation and skeleton loading|a drag-and-drop kanban board with optimistic updates and undo|a design system with tokens, themes and accessible components|a checkout flow in four steps with validation, error states and animations|a canvas editor with layers, zoom and snapping|a virtualized data grid with sorting, grouping and inline editing',
  ),
};
const uiFrames = words(
  'Create {u} with HTML and CSS.|Design {u}.|Build {u} in React with Tailwind.|Add {u} to the page and place it below the header.|I want {u} for my website. Background color white, components navy.|Make {u} that works on mobile.',
);
const names = words('Ann|Ben|Carla|Dev|Eva|Farid|Grace|Hugo|Ines|Jon');
const things = words('apples|books|tickets|marbles|cookies|stamps|boxes');

/** `count` prompts, the same for the same seed. */
export function writePrompts(count: number, seed: number): WrittenPrompt[] {
  const random = new Random(seed);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T;
  const number = (below: number) => String(2 + random.below(below));
  const level = (): Level => random.below(3) as Level;
  const makers: ((at: Level) => WrittenPrompt)[] = [
    (at) => ({
      task: 'text',
      level: at,
      text: `${pick(words('Write|Please write|Compose|Draft|I need|Help me write'))} ${pick(forms[at])} about ${pick(topics[at])}.`,
    }),
    (at) => ({ task: 'text', level: at, text: pick(askings[at]).replace('{t}', pick(topics[at])) }),
    (at) => ({
      task: 'text',
      level: at,
      text: `${pick(words('Rewrite|Translate into French|Summarize|Proofread|Shorten'))} the following text: ${pick(topics[at])} is what I think about most.`,
    }),
    (at) => ({
      task: 'text',
      level: at,
      text: `I want you to act as ${pick(words('a travel guide|a teacher|a movie critic|a doctor|a lawyer|a historian|a comedian|a career coach'))}. My first request is about ${pick(topics[at])}.`,
    }),
    (at) => ({
      task: 'code',
      level: at,
      text: pick(codeFrames).replace('{l}', pick(languages)).replace('{c}', pick(codeTasks[at])),
    }),
    (at) => ({ task: 'ui', level: at, text: pick(uiFrames).replace('{u}', pick(uiThings[at])) }),
    (at) => ({ task: 'reasoning', level: at, text: reason(at, pick, random) }),
    (at) => ({ task: 'text', level: at, text: withPassage(at, pick, random) }),
    (at) => ({ task: 'text', level: at, text: withRole(at, pick) }),
    (at) => ({ task: 'text', level: at, text: aboutSubject(at, pick) }),
    (at) => ({ task: 'text', level: at, text: aboutSubject(at, pick) }),
    (at) => demanding(at, pick, random),
    (at) => demanding(at, pick, random),
    () => ({ task: 'code', text: programming(pick, () => number(90)) }),
    () => ({ task: 'code', text: programming(pick, () => number(90)) }),
    () => ({
      task: 'reasoning',
      text: fill(pick(puzzleFrames), numbersAndNames(pick, number)),
    }),
    () => ({ task: 'code', text: pick(systemFrames).replace('{s}', pick(systems)).replace('{n}', number(600)) }),
    () => ({ task: 'ui', text: application(pick) }),
    () => ({ task: 'ui', text: fill(pick(styleFrames), { e: () => pick(elements), f: () => pick(elements) }) }),
    () => ({
      task: 'reasoning',
      text: fill(pick(problemFrames), { n: () => number(60), m: () => number(9), t: () => pick(things) }),
    }),
    () => {
      const task = pick(['reasoning', 'code', 'text'] as const);
      return { task, text: pick(foreignFrames[task] ?? []).replace(/N/g, () => number(40)) };
    },
    () => ({ task: 'text', text: recordPrompt(random) }),
    (at) => ({
      task: 'text',
      text: fill(pick(tradeWriting), { s: () => pick(systems), t: () => pick(topics[at]), r: () => pick(roles) }),
    }),
    () => ({ task: 'reasoning', text: fill(pick(wordPuzzles), numbersAndNames(pick, number)) }),
  ];
  return Array.from({ length: count }, () => pick(makers)(level()));
}

function aboutSubject(at: Level, pick: Pick): string {
  const word = () => pick(subjects[at]);
  return fill(pick(subjectFrames), { w: word, v: word, u: word });
}

/** A question with demands added: two or more make it a level harder than what it is about. */
function demanding(at: Level, pick: Pick, random: Random): WrittenPrompt {
  const count = 1 + random.below(4);
  const question = random.below(2) === 0 ? aboutSubject(at, pick) : pick(askings[at]).replace('{t}', pick(topics[at]));
  const added = Array.from({ length: count }, () => pick(demands));
  return { task: 'text', level: Math.min(2, at + (count > 1 ? 1 : 0)) as Level, text: [question, ...added].join(' ') };
}

/** Puts values for names in braces, each drawn anew. */
function fill(frame: string, values: Readonly<Record<string, () => string>>): string {
  return frame.replace(/\{(\w)\}/g, (whole, name: string) => values[name]?.() ?? whole);
}

function numbersAndNames(pick: Pick, number: (below: number) => string): Readonly<Record<string, () => string>> {
  const name = () => pick(names);
  return { n: () => number(60), m: () => number(8), t: () => pick(things), x: name, y: name, z: name };
}

function programming(pick: Pick, number: () => string): string {
  const frame = fill(pick(programmingFrames), {
    k: () => pick(keywords),
    j: () => pick(keywords),
    l: () => pick(languages),
    c: () => pick(chores),
    s: () => pick(['{s}', '`{s}`', '\n{s}\n', '```\n{s}\n```\n']),
  });
  return fill(frame, { s: () => pick(snippets) }).replaceAll('{n}', number);
}

function application(pick: Pick): string {
  return fill(pick(applicationFrames), {
    a: () => pick(applications),
    f: () => pick(features),
    c: () => pick(colours),
    d: () => pick(colours),
  });
}

type Pick = <T>(from: readonly T[]) => T;
const companies = words(
  'Brightleaf|Nordhaven Logistics|Pinecrest Dental|Solvio|Harbor & Finch|Quantic Foods|Meadowlark Travel|Tessera Software',
);
const sentences = words(
  '{n} joined {co} in {y} and became its chief executive two years later.|Revenue grew by {k} percent in {y}, mostly in Europe.|The museum in the capital shows paintings by {n}.|"The battery lasts all day, but the camera is poor," writes {n}.|Our customers are families who plan their holidays late.|The novel is set in {y} and follows {n}, a teacher who returns home.|The service includes training, support and a weekly call.|In {y} the company opened {k} new shops.|Please keep the tone friendly and avoid jargon.|The meeting is on {k} May at nine.|The platform connects small farms with restaurants.|Key features: quick set-up, dark mode, export to CSV.',
);
const passageFrames: Readonly<Record<Level, string[]>> = {
  0: words(
    'Summarize this in one sentence: {p}|Correct the spelling: {p}|Make this sound nicer: {p}|What is this text about? {p}',
  ),
  1: words(
    'Extract the names, years and companies from the following text and return them as JSON. {p}|Given these categories - Sports, Politics, Science and Art - assign each of the following sentences to one of them. {p}|Analyze the following reviews and give each an overall rating from 1 to 5. {p}|Given the following data, identify the company with the highest growth and provide its chief executive. {p}|Write an outline for a marketing plan based on this. {p}|Using the notes below, write a customer-facing article that is easy to read. {p}',
  ),
  2: words(
    'You are an expert blog writer and search specialist. Write an article of 2,000 words with headings, a comparison table, frequently asked questions and a call to action, based only on the material below, and cite each claim. {p}|Draft terms of an agreement for the service described below, with liability, termination and data protection clauses. {p}|Develop a comprehensive go-to-market strategy with segments, pricing, risks and a timeline for the company below, and justify each step. {p}|Identify the assumptions, contradictions and missing evidence in the following report, and propose how to test each. {p}',
  ),
};
const roles = words(
  'a stand-up comedian|a relationship coach|Sheldon from a television series|Shakespeare|a machine learning engineer who explains to customers|a detective in the 1920s|a tour guide|a wise grandmother|a motivational speaker|a chemistry teacher|an English translator|a tavern keeper in a fantasy game|an interviewer|a mathematician who only speaks in rhymes|a doctor who reassures patients',
);
const scenes = words(
  "Let's start with: what do you think of {t}?|Two friends disagree about {t}. Suggest how they could talk to each other.|Explain {t} to me in your own way.|I will ask you questions and you answer in character. The first is about {t}.|Tell a story about {t}.|Describe the process behind {t} and what one can observe.",
);

/** A demand on a text that comes with it. */
function withPassage(at: Level, pick: Pick, random: Random): string {
  const length = 1 + random.below(4 + 6 * at);
  const passage = Array.from({ length }, () =>
    pick(sentences)
      .replace('{n}', `${pick(names)} ${pick(words('Miller|Okafor|Rossi|Tanaka|Svensson'))}`)
      .replace('{co}', pick(companies))
      .replace('{y}', String(1950 + random.below(75)))
      .replace('{k}', String(2 + random.below(28))),
  ).join(pick([' ', '\n', '\n- ']));
  return pick(passageFrames[at]).replace('{p}', passage);
}

/** Somebody to be, and something to talk about. */
function withRole(at: Level, pick: Pick): string {
  const opening = pick(
    words(
      'Embrace the role of {r}.|Please take on the role of {r}.|Now you are {r}.|Suppose you are {r}.|Picture yourself as {r}.|Act as {r}.',
    ),
  );
  return `${opening} ${pick(scenes)}`.replace('{r}', pick(roles)).replace('{t}', pick(topics[at]));
}

function reason(at: Level, pick: Pick, random: Random): string {
  const [a, b, c] = [2 + random.below(9), 3 + random.below(40), 2 + random.below(6)];
  const [x, y] = [pick(names), pick(names)];
  if (at === 0)
    return pick([
      `${x} has ${a} ${pick(things)} and buys ${b} more. How many does ${x} have now?`,
      `What is ${a} times ${b}?`,
      `What is ${b}% of ${a * 100}?`,
      `Is ${b} an even number?`,
    ]);
  if (at === 1)
    return pick([
      `${x} is ${a} years older than ${y}. In ${c} years the sum of their ages will be ${b + 20}. How old is ${x}?`,
      `A train travels ${b * 3} km in ${c} hours and returns at half the speed. What is its average speed?`,
      `Solve the equation ${a}x + ${b} = ${c}x - ${a}.`,
      `Find the derivative of f(x) = ${a}x^${c} - ${b}x at x = ${c}.`,
      `All ${pick(things)} here are red. Some red things are old. Does it follow that some ${pick(things)} are old?`,
      `A bag holds ${a} red and ${b} blue ${pick(things)}. Two are drawn without replacement. What is the probability that both are red?`,
    ]);
  return pick([
    `Prove that every group of order ${a * a} is abelian when ${a} is prime, and give a counterexample for its cube.`,
    `Let f be continuous on [0, ${a}] and twice differentiable. Show that there is a c with f''(c) = 0 if f(0) = f(${a}) = 0 and the integral of f vanishes.`,
    `Derive the posterior of a normal mean with unknown variance under a conjugate prior, and prove that it is proper.`,
    `Show that the problem of deciding whether a graph has ${c} disjoint Hamiltonian cycles is NP-hard, by a reduction from 3-SAT.`,
    `Solve the stochastic differential equation dX = ${a}X dt + ${c}X dW and compute the probability that X hits ${b} before 0.`,
    `Five people of different trades live in five houses. Given that ${x} lives left of ${y}, that the baker is not next to the judge, and that the third house is green, determine who owns the fish, and prove that the solution is unique.`,
  ]);
}
