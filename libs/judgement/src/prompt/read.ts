import { shapeOf } from './shape.ts';
import { headOf, readCharacters, tokensOf } from './tokens.ts';

/** What is read of a prompt. */
export interface PromptText {
  readonly head: string;
  readonly tokens: readonly string[];
  readonly shape: Float64Array;
}

/** Reads a bounded head. */
export function readPrompt(text: string): PromptText {
  const head = headOf(text);
  const tokens = tokensOf(head);
  const unread = Math.max(0, text.length - readCharacters);
  return { head, tokens, shape: shapeOf(head, tokens, head.length + unread) };
}
