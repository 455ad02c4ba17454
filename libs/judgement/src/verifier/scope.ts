/**
 * How far it holds, where all words with a meaning are the same: for all or for any, only then, still or no longer, whether it may be or
 * has to be, more than the other or as much.
 */
import type { Signature, Token } from '../signature/signature.ts';
import { framingWords } from '../signature/word-lists.ts';
import type { Alignment } from './align.ts';

/** Whether two questions with the same words with a meaning ask how far another statement holds. */
export function isOtherScope(a: Signature, b: Signature, { onlyA, onlyB }: Alignment): boolean {
  const leftOver = [...onlyA, ...onlyB];
  if (isSecond(a) !== isSecond(b)) return true;
  if (leftOver.some(({ lemma, kind }) => kind !== 'number' && !framingWords.has(lemma))) return false;
  return (
    isOtherNeed(a, b) ||
    isOtherTime(a, b) ||
    isOtherHolder(a, b) ||
    isOneOfAll(a, b) ||
    isOneOfAll(b, a) ||
    isComparedOtherwise(a, b) ||
    isOnlyHere(a, b) ||
    isOnlyHere(b, a) ||
    quantifierOf(a) * quantifierOf(b) < 0 ||
    isFew(a) * isFew(b) < 0
  );
}

const lowerAt = (tokens: readonly Token[], place: number) => tokens[place]?.lower ?? '';

/** "The second largest" is not the largest; "second" alone may be a time, and missing. */
function isSecond({ tokens }: Signature): boolean {
  return tokens.some(
    ({ lower }, at) => lower === 'second' && /^(?:most|least|best|worst|\w{2,}est)$/.test(lowerAt(tokens, at + 1)),
  );
}

const possible = new Set(
  'can could may might kann kannst können darf dürfen peut peux peuvent puede puedo pueden pode posso podem può posso'.split(
    ' ',
  ),
);
const necessary = new Set('must muss musst müssen doit dois doivent debe debo deben deve devo devem'.split(' '));

/** What may be done beside what has to be; how it can be done is how it has to be. */
function isOtherNeed(a: Signature, b: Signature): boolean {
  return a.type !== 'how' && b.type !== 'how' && needOf(a) * needOf(b) < 0;
}

/** 1 where it has to be, -1 where it may be, 0 where neither or both is said. */
function needOf({ tokens }: Signature): number {
  const isNecessary = (all: readonly Token[], at: number) =>
    necessary.has(lowerAt(all, at)) ||
    (/^(?:have|has|had|need|needs|required|obliged)$/.test(lowerAt(all, at)) && lowerAt(all, at + 1) === 'to');
  const must = tokens.some((_, at) => isNecessary(tokens, at)) ? 1 : 0;
  const may = tokens.some(({ lower }) => possible.has(lower)) ? 1 : 0;
  return must - may;
}

/** "Does it have one", "did it have one". "Is" and "was" are said of the same things, "has it won" and "did it win" of one. */
function isOtherTime(a: Signature, b: Signature): boolean {
  if (a.type !== 'yesno' || b.type !== 'yesno') return false;
  const [one, other] = [timeOf(a), timeOf(b)];
  return one !== other && one !== '' && other !== '' && (one === 'past' || other === 'past');
}

function timeOf({ tokens }: Signature): string {
  const lower = lowerAt(tokens, 0);
  if (lower === 'did') return 'past';
  return /^(?:do|does|will)$/.test(lower) ? 'now' : '';
}

const offices = new Set(
  'president king queen emperor chancellor minister premier governor mayor senator ambassador pope archbishop ceo cto cfo chief chair chairman chairwoman chairperson head director executive manager coach captain commander secretary treasurer owner boss leader champion holder host editor sponsor spokesperson'.split(
    ' ',
  ),
);

/** "Who is the mayor", "who was the mayor": posts have one holder after the other; "the first mayor" and "the best mayor" stay what they are. */
function isOtherHolder(a: Signature, b: Signature): boolean {
  if (a.type !== 'who' || b.type !== 'who' || !a.tokens.some(({ lemma }) => offices.has(lemma))) return false;
  const isFixed = ({ tokens }: Signature) =>
    tokens.some(
      ({ kind, lower }) => kind === 'number' || /^(?:first|last|best|worst|most|least|\w{3,}est)$/.test(lower),
    );
  return a.tense !== b.tense && [a, b].some(({ tense }) => tense === 'past') && !isFixed(a) && !isFixed(b);
}

/** "Rename a column", "rename all columns". */
function isOneOfAll(one: Signature, all: Signature): boolean {
  const behind = ({ tokens }: Signature, words: RegExp) =>
    tokens.flatMap(({ lower }, at) => {
      if (!words.test(lower)) return [];
      const thing = tokens.slice(at + 1, at + 4).find(({ kind }) => kind !== 'function');
      return thing ? [thing.lemma] : [];
    });
  const each = behind(all, /^(?:all|every|each)$/);
  const single = behind(one, /^an?$/).filter((lemma) => each.includes(lemma));
  return single.length > 0 && behind(one, /^(?:all|every|each)$/).length === 0;
}

/** "Cheaper than", "as cheap as". */
function isComparedOtherwise(a: Signature, b: Signature): boolean {
  const count = ({ tokens }: Signature, word: string) => tokens.filter(({ lower }) => lower === word).length;
  const isEqual = (one: Signature) => count(one, 'as') > 1 && count(one, 'than') === 0;
  return (isEqual(a) && count(b, 'than') > 0) || (isEqual(b) && count(a, 'than') > 0);
}

/** "Only shoes" on one side; "the only way" is the way, and "I only want to know" says nothing of what is known. */
function isOnlyHere({ tokens }: Signature, other: Signature): boolean {
  if (other.tokens.some(({ lower }) => lower === 'only')) return false;
  return tokens.some(({ lower }, at) => lower === 'only' && !/^(?:the|an?|i|my|if)$/.test(lowerAt(tokens, at - 1)));
}

/** 1 for all, -1 for any, 0 for both, neither, or where "any" only asks whether there is one. */
function quantifierOf({ tokens, type }: Signature): number {
  if (type !== 'yesno' && type !== 'none') return 0;
  const count = (words: RegExp) => (tokens.some(({ lower }) => words.test(lower)) ? 1 : 0);
  return count(/^(?:all|every|each)$/) - count(/^any$/);
}

/** 1 for "a few", which are some, -1 for "few", which are hardly any. */
function isFew({ tokens }: Signature): number {
  const at = tokens.findIndex(({ lower }) => lower === 'few');
  if (at < 0) return 0;
  return /^(?:a|the|these|those|last|past|next|first|how)$/.test(lowerAt(tokens, at - 1)) ? 1 : -1;
}
