/**
 * Whether a turn asks all that it asks in its own words. It does not where it points back ("it", "the first one"), leaves out what the
 * dialogue is about ("what are the symptoms?"), or compares with what was said ("what else", "a cheaper one"). Only plain shapes stand
 * alone, and only those that name their subject: with a word the dialogue has named it by, or by a name of its own.
 */
import { rememberedSignature, type Token } from '../signature/signature.ts';
import { framingWords } from '../signature/word-lists.ts';

const pointsBack =
  /\b(?:it|its|it's|itself|he|him|his|she|her|hers|they|them|their|theirs|this|that|that's|these|those|one|ones|there|then|such|so|others?|another|same|different|differ|else|more|less|instead|similar|alternatives?|both|each|either|neither|former|latter|above|previous|previously|earlier|before|again|also|too|still|yet|next|first|second|third|last|main|important|common|typical|various|recent|popular|my|mine|our|i|we|me|us|no|yes|ok|okay|really)\b/i;
/** Courtesy, and askers who mean anybody: "how do I boil an egg". */
const saysNothing =
  /^(?:(?:please|ok(?:ay)?|thanks|thank you|and|now|so)[,.! ]+)*(?:can|could|would) you (?:please )?|\b(?:tell|show|give) me\b|\b(?:how|what|where|when) (?:do|can|could|should) i\b/gi;
const leavesOut =
  /^\W*(?:what|how) (?:about|if|come)\b|^\W*(?:and|but|or|so|then|why not|why|how|who|when|where|which)\b\W*(?:\w+\W*)?$/i;
/** A thing that is known already, unless its own words say which: "the capital of France" does, "the symptoms" does not. */
const definite =
  /\bthe\s+(?:\p{Ll}[\p{L}-]*\s+){0,3}?\p{Ll}[\p{L}-]*(?:\s+(?:of|in|between|for|on|from|to|at)\s+\p{L}+)?/gu;
const saysWhich = /\s(?:of|in|between|for|on|from|to|at)\s(?!the$)/;
const ofName = /\b\p{Ll}+ (?:of|in|from) \p{Lu}/u;
const requests = /\b(?:tell me about|explain|describe|define)\b/i;

/** Reads a turn and the asker's turns before it. Conservative: what it does not know is bound. */
export function standsAlone(history: readonly string[], question: string): boolean {
  const text = question.trim();
  if (/[.!?]\s+\S/.test(text) || leavesOut.test(text)) return false;
  const said = text.replace(saysNothing, ' ');
  if (pointsBack.test(said)) return false;
  if ([...said.matchAll(definite)].some(([match]) => !saysWhich.test(match))) return false;
  if (rememberedSignature(text).type === 'none' && !requests.test(text)) return false;
  const content = contentOf(text);
  if (content.filter(({ capital }) => capital).length >= 2 || ofName.test(text)) return true;
  const named = new Set(history.flatMap((turn) => contentOf(turn).map(({ lemma }) => lemma)));
  return content.some(({ lemma }) => named.has(lemma));
}

function contentOf(text: string): Token[] {
  return rememberedSignature(text).tokens.filter(({ kind, lemma }) => kind !== 'function' && !framingWords.has(lemma));
}
