/**
 * What a follow-up points to must be the only thing it can point to. "How old is he?" after "Who is the father of Barron Trump?" asks for
 * the father, whom only the answer names; after "Who is Barron Trump?" and "Who is Elon Musk?" it asks for the second. Wherever another
 * thing could be meant, nothing is served.
 */
import { rememberedSignature, type Signature, type Token } from '../signature/signature.ts';
import { framingWords } from '../signature/word-lists.ts';
import { isPersonal, isPointing, pointersIn, pointsToMany, sameReferent } from './pointing.ts';

/** Kinds of question that a person, or a thing or place, answers: what follows may point to the answer. */
const askForPerson = new Set(['who', 'which']);
const askForThing = new Set(['what', 'which', 'where']);
const verbs = /^(?:is|was|are|were|do|does|did|can|could|should|will|would|has|have|had)$/;
const copula = /^(?:is|was|are|were)$/;

/** Whether the words that were added can be all that is pointed to, or left out. `standalone` is the question with them in it. */
export function isOnlyReferent(
  added: readonly Token[],
  pointers: readonly string[],
  history: readonly string[],
  standalone: Signature,
): boolean {
  const [pointer] = pointers;
  if (pointers.some((other) => !sameReferent(other, pointer))) return false;
  const words = new Set(standalone.tokens.map(({ lemma }) => lemma));
  const at = history.findLastIndex((turn) => added.some(({ lemma }) => hasWord(turn, lemma)));
  const naming = history[at];
  if (naming === undefined) return false;
  const after = history.slice(at + 1);
  if ([naming, ...after].some((turn) => namesAnother(turn, words))) return false;
  // Those after it may only go on about the same.
  if (after.some((turn) => bringsAnother(turn, pointer, words))) return false;
  return pointer === undefined || [naming, ...after].every((turn) => !answerMayBeMeant(turn, pointer, words));
}

/** A name that the question does not have. */
function namesAnother(turn: string, words: ReadonlySet<string>): boolean {
  return rememberedSignature(turn).tokens.some(({ capital, lemma }) => capital && !words.has(lemma));
}

/** A turn with a subject of its own, which does not point back and may be pointed to. */
function bringsAnother(turn: string, pointer: string | undefined, words: ReadonlySet<string>): boolean {
  if (pointersIn(turn).length > 0 || (pointer && disagrees(turn, pointer))) return false;
  const content = contentOf(turn);
  return content.length > 0 && content.every(({ lemma }) => !words.has(lemma));
}

/** The turn asks for a person or thing that it does not name, and the pointer can point to it. */
function answerMayBeMeant(turn: string, pointer: string, words: ReadonlySet<string>): boolean {
  const { tokens, type } = rememberedSignature(turn);
  if (/^\W*(?:what|how) (?:about|happens?|happened)\b/i.test(turn)) return false;
  const mayBePerson = askForPerson.has(type) || tokens.some(({ lemma }) => lemma === 'name');
  const mayBeThing = askForThing.has(type);
  if (isPersonal(pointer) ? !mayBePerson : !mayBeThing && !(mayBePerson && pointsToMany(pointer))) return false;
  const at = tokens.findIndex(({ lower }) => verbs.test(lower));
  const verb = tokens[at]?.lower ?? '';
  // "What do lions eat?" is about lions.
  if (at >= 0 && !copula.test(verb)) return false;
  if (disagrees(turn, pointer)) return false;
  // "What is throat cancer in short?" is about throat cancer, "what is throat cancer's cause?" about the cause.
  if (at >= 0 && isWithin(subjectAfter(tokens, at), words)) return false;
  // Here "write" and "make" count too: who wrote it may be meant.
  return !isWithin(
    tokens.filter((token) => token.kind !== 'function' && !isPointing(token)),
    words,
  );
}

/** "What are …" is answered by several, "what is …" by one; the pointer points to the other number. */
function disagrees(turn: string, pointer: string): boolean {
  const { tokens, type } = rememberedSignature(turn);
  const verb = tokens.find(({ lower }) => verbs.test(lower))?.lower ?? '';
  if (!copula.test(verb) || !(askForThing.has(type) || askForPerson.has(type))) return false;
  return (verb === 'are' || verb === 'were') !== pointsToMany(pointer);
}

/** The first run of words with a meaning behind the verb. */
function subjectAfter(tokens: readonly Token[], at: number): Token[] {
  const from = tokens.findIndex(({ kind }, i) => i > at && kind !== 'function');
  if (from < 0) return [];
  const end = tokens.findIndex(({ kind }, i) => i > from && kind === 'function');
  return tokens.slice(from, end < 0 ? undefined : end);
}

function isWithin(tokens: readonly Token[], words: ReadonlySet<string>): boolean {
  return tokens.length > 0 && tokens.every(({ lemma }) => words.has(lemma));
}

function contentOf(turn: string): Token[] {
  return rememberedSignature(turn).tokens.filter(
    (token) => token.kind !== 'function' && !framingWords.has(token.lemma) && !isPointing(token),
  );
}

function hasWord(turn: string, lemma: string): boolean {
  return rememberedSignature(turn).tokens.some((token) => token.lemma === lemma);
}
