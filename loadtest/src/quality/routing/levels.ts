/** How hard a prompt is: everyday knowledge and one step, school or office knowledge or some demands, a profession's knowledge or many. */
export type Level = 0 | 1 | 2;

/** Collections whose prompts are all of about one level: small programs, school sums, puzzles. Others say nothing of it. */
const mediumCollections = /^(?:mbpp|humaneval|odex|gsm8k_train|bbh_\w+)$/;

/** The level of a collection of tasks; absent where it says nothing. */
export function levelOfCollection(collection: string): Level | undefined {
  return mediumCollections.test(collection) ? 1 : undefined;
}
