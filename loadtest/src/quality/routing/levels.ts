/**
 * How hard prompts are, told by the collection they come from: by the knowledge a subject asks for (everyday, school or office,
 * profession) and by the kind of task.
 */

/** 0 simple, 1 medium, 2 complex. */
export type Level = 0 | 1 | 2;

const subjects: readonly (readonly [RegExp, Level])[] = [
  [/^elementary_|^miscellaneous$|^global_facts$|^human_aging$|^nutrition$|^marketing$|^public_relations$/, 1],
  [/^high_school_/, 1],
  [/./, 2],
];

const collections: Readonly<Record<string, Level>> = {
  commonsense_qa: 0,
  openbook_qa: 0,
  trivia_qa: 0,
  natural_qa: 0,
  commongen: 0,
  gsm8k: 1,
  'agentverse-mgsm': 1,
  arc_challenge: 1,
  mbpp: 1,
  human_eval: 1,
  math: 2,
  'agentverse-logicgrid': 2,
  gsm8k_train: 1,
  humaneval: 1,
  odex: 1,
  arenahard2: 2,
  bbh: 1,
};

/** The level of a subject of MMLU. */
export function levelOfSubject(subject: string): Level {
  return subjects.find(([pattern]) => pattern.test(subject))?.[1] ?? 2;
}

/** The level of a collection; absent where it says nothing. */
export function levelOfCollection(collection: string): Level | undefined {
  return collections[collection];
}
