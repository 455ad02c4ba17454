/**
 * Follow-ups and the questions that they stand for. "How old is he?" after "Who is Barron Trump?" asks what "How old is Barron Trump?"
 * asks, so the answer to the second may be served for the first. No model: a follow-up is written out with what the dialogue talked
 * about, to find candidates; and a candidate is taken only if it is the follow-up word for word, but that words of the dialogue stand
 * where the follow-up pointed back.
 */
import { type Signature, signatureOf, type Token } from '../signature/signature.ts';
import { framingWords, negators, scopeWords } from '../signature/word-lists.ts';
import { align } from '../verifier/align.ts';
import { compareSignatures } from '../verifier/features.ts';
import { refusalOf } from '../verifier/rules.ts';

/** Turns that are looked back at. */
const recentTurns = 4;
const pointer =
  /\b(?:its|their|his|her)\b|\b(?:it|they|them|he|him|she|this|that|these|those)(?: (?:one|ones|thing|things))?\b|\b(?:one|ones)\b/i;
const pointing = new Set('it they he she this that these those one ones other there'.split(' '));

/** A follow-up written out in up to four ways, likeliest first; none where nothing was talked about. */
export function standaloneForms(history: readonly string[], followUp: string): string[] {
  const topics = [...new Set([...lastOf(history).reverse(), history[0] ?? ''].flatMap(topicsOf))].slice(0, 4);
  return topics.map((topic) => {
    const match = pointer.exec(followUp);
    if (!match) return `${followUp.replace(/[?.!\s]+$/, '')} ${topic}?`;
    const owns = /^(?:its|their|his|her)$/i.test(match[0]) ? "'s" : '';
    return followUp.replace(match[0], () => `${topic}${owns}`);
  });
}

/** Whether a question that stands alone asks what the follow-up asks after this history. */
export function resolvesTo(history: readonly string[], followUp: string, standalone: string): boolean {
  const a = signatureOf(standalone);
  const b = signatureOf(followUp);
  const { onlyA, onlyB } = align(a, b);
  if (onlyB.some((token) => !isPointing(token) && !isFraming(token))) return false;
  const said = new Set(
    lastOf(history)
      .concat(history[0] ?? '')
      .flatMap((turn) => signatureOf(turn).tokens.map(({ lemma }) => lemma)),
  );
  if (onlyA.some((token) => !said.has(token.lemma) && !isFraming(token))) return false;
  const points = b.tokens.some(isPointing);
  const added = onlyA.filter((token) => !isFraming(token)).length;
  if (added > 6 || (added > 0 && !points && contentOf(b) < 2)) return false;
  if (added === 0 && !points && contentOf(b) < 2) return false;
  return sameSmallWords(a, b) && isAllowed(a, b);
}

/** What rules on whole questions say, but for what the added words alone bring about. */
function isAllowed(a: Signature, b: Signature): boolean {
  const comparison = compareSignatures(a, b, 1);
  const refusal = refusalOf(comparison);
  return refusal === undefined || refusal === 'number' || refusal === 'id';
}

function sameSmallWords(a: Signature, b: Signature): boolean {
  const small = ({ tokens }: Signature) =>
    tokens
      .filter(
        ({ lower }) => (scopeWords.has(lower) || negators.has(lower)) && !pointing.has(lower) && lower !== 'another',
      )
      .map(({ lower }) => lower)
      .sort()
      .join(' ');
  return a.type === b.type && small(a) === small(b);
}

function lastOf(history: readonly string[]): string[] {
  return history.slice(-recentTurns);
}

function isPointing({ lemma, lower }: Token): boolean {
  return pointing.has(lemma) || pointing.has(lower);
}

function isFraming({ lemma, kind }: Token): boolean {
  return kind === 'function' || framingWords.has(lemma);
}

function contentOf({ tokens }: Signature): number {
  return tokens.filter((token) => !isFraming(token) && !isPointing(token)).length;
}

/** Runs of words with a meaning, longest first: what a turn talks about. */
function topicsOf(turn: string): string[] {
  const runs: string[][] = [[]];
  for (const token of signatureOf(turn).tokens) {
    if (isFraming(token) || token.kind === 'number') runs.push([]);
    else runs.at(-1)?.push(token.text);
    if (token.mark !== '') runs.push([]);
  }
  return runs
    .filter((run) => run.length > 0)
    .sort((x, y) => y.length - x.length)
    .slice(0, 2)
    .map((run) => run.join(' '));
}
