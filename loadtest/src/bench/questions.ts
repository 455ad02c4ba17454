/** Which questions the cases ask: a fixed thousand that is answered beforehand, and ones that nobody has asked. */
import { paraphrase, prompt } from './payload.ts';

/** How many distinct questions the hits are spread over. */
export const distinctKeys = 1000;

/** A run's questions. */
export interface Questions {
  /** One of the thousand, in turn. */
  known(): string;
  /** One of the thousand in words nobody has used. */
  reworded(): string;
  /** One that was never asked. */
  fresh(): string;
}

/** Counts up from the start. */
export function createQuestions(): Questions {
  let next = 0;
  let variant = 0;
  let unseen = 1_000_000;
  return {
    known: () => prompt(next++ % distinctKeys),
    reworded: () => paraphrase(next++ % distinctKeys, variant++),
    fresh: () => prompt(unseen++),
  };
}
