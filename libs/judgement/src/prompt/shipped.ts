import weights from '../weights/prompt.json' with { type: 'json' };
import meaning from '../weights/prompt-meaning.json' with { type: 'json' };
import type { MeaningWeights } from './meaning.ts';
import { createPromptModel, type PromptJudgement, type PromptWeights } from './model.ts';
import { readCharacters } from './tokens.ts';

/** The weights that ship. */
export const shippedPromptWeights: PromptWeights = weights as unknown as PromptWeights;

/** The weights of meaning that ship beside them. */
export const shippedMeaningWeights: MeaningWeights = meaning;

const judge = createPromptModel(shippedPromptWeights, shippedMeaningWeights);
const remembered = 4000;
const recent = new Map<string, PromptJudgement>();

/**
 * What the shipped model says of a prompt, by its words or, where `vector` is its embedding, by both. What the words say is kept for the last 4,000: what is asked often comes again, and a dialogue brings its
 * earlier turns.
 */
export function judgePrompt(text: string, vector?: Float32Array): PromptJudgement {
  if (vector) return judge(text, vector);
  // Length and head are all that is read; joined, they hold no reference to a text of a megabyte.
  const key = `${text.length}:${text.slice(0, readCharacters)}`;
  const known = recent.get(key);
  if (known) return known;
  const made = judge(text);
  if (recent.size >= remembered) recent.delete(recent.keys().next().value ?? '');
  recent.set(key, made);
  return made;
}
