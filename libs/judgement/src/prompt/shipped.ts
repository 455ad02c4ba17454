import weights from '../weights/prompt.json' with { type: 'json' };
import { createPromptModel, type PromptJudgement, type PromptWeights } from './model.ts';
import { readCharacters } from './tokens.ts';

/** The weights that ship. */
export const shippedPromptWeights: PromptWeights = weights as unknown as PromptWeights;

const judge = createPromptModel(shippedPromptWeights);
const remembered = 4000;
const recent = new Map<string, PromptJudgement>();

/** What the shipped model says of a prompt; kept for the last 4,000: what is asked often comes again, and a dialogue brings its earlier turns. */
export function judgePrompt(text: string): PromptJudgement {
  // Length and head are all that is read; joined, they hold no reference to a text of a megabyte.
  const key = `${text.length}:${text.slice(0, readCharacters)}`;
  const known = recent.get(key);
  if (known) return known;
  const made = judge(text);
  if (recent.size >= remembered) recent.delete(recent.keys().next().value ?? '');
  recent.set(key, made);
  return made;
}
