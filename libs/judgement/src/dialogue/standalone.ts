/**
 * Follow-ups and the questions that they stand for. "How old is he?" after "Who is Barron Trump?" asks what "How old is Barron Trump?"
 * asks, so the answer to the second may be served for the first. No model: a follow-up is written out with what the dialogue talked
 * about, to find candidates; and a candidate is taken only if it is the follow-up word for word, but that words of the dialogue stand
 * where the follow-up pointed back or left them out, and nothing else of the dialogue could stand there.
 */
import { rememberedSignature, type Signature, type Token } from '../signature/signature.ts';
import { framingWords, negators, scopeWords } from '../signature/word-lists.ts';
import { align } from '../verifier/align.ts';
import { compareSignatures } from '../verifier/features.ts';
import { refusalOf } from '../verifier/rules.ts';
import { isPointing, pointer, pointersIn, pointing } from './pointing.ts';
import { isOnlyReferent } from './referent.ts';

/** Turns that are looked back at. */
const recentTurns = 4;
const mostForms = 4;
/** Words that a dialogue may add where the follow-up left them out. */
const mostAdded = 6;
/** Words that only ask: their coming or going changes nothing. "Make" and "work" are not among them: of a short question they may be all. */
const asking = new Set(
  'tell explain describe give show know like please want i would you me us we can could ok okay'.split(' '),
);
/** How two words may be alike and the question still be word for word the same. */
const sameWord = new Set(['equal', 'form', 'number', 'typo', 'same', 'compound']);

/** A follow-up written out in up to four ways, likeliest first; none where nothing was talked about. */
export function standaloneForms(history: readonly string[], followUp: string): string[] {
  const topics = [...new Set([...lastOf(history).reverse(), history[0] ?? ''].flatMap(topicsOf))].slice(0, mostForms);
  return topics.map((topic) => {
    const match = pointer.exec(followUp);
    if (!match) return `${followUp.replace(/[?.!\s]+$/, '')} ${topic}?`;
    const owns = /^(?:its|their|his|her)$/i.test(match[0]) ? "'s" : '';
    return followUp.replace(match[0], () => `${topic}${owns}`);
  });
}

/** Whether a question that stands alone asks what the follow-up asks after this history. */
export function resolvesTo(history: readonly string[], followUp: string, standalone: string): boolean {
  const a = rememberedSignature(standalone);
  const b = rememberedSignature(followUp);
  const { pairs, onlyA, onlyB } = align(a, b);
  if (onlyB.some((token) => !isPointing(token) && !isAsking(token))) return false;
  if (pairs.some(({ match }) => !sameWord.has(match))) return false;
  const turns = [...lastOf(history), ...(history.length > recentTurns ? history.slice(0, 1) : [])];
  const said = new Set(turns.flatMap((turn) => rememberedSignature(turn).tokens.map(({ lemma }) => lemma)));
  const added = onlyA.filter((token) => !isAsking(token));
  if (added.some(({ lemma }) => !said.has(lemma))) return false;
  // A turn that adds nothing stands alone or does not; that is another question.
  if (added.length === 0 || added.length > mostAdded) return false;
  const pointers = pointersIn(followUp);
  if (pointers.length === 0 && contentOf(b) < 2) return false;
  if (!sameSmallWords(a, b) || !isAllowed(a, b)) return false;
  return isOnlyReferent(added, pointers, history, a);
}

/** What rules on whole questions say, but for what the added words alone bring about. */
function isAllowed(a: Signature, b: Signature): boolean {
  const refusal = refusalOf(compareSignatures(a, b, 1));
  return refusal === undefined || refusal === 'number' || refusal === 'id';
}

function sameSmallWords(a: Signature, b: Signature): boolean {
  const small = ({ tokens }: Signature) =>
    tokens
      .filter(({ lower }) => (scopeWords.has(lower) || negators.has(lower)) && !pointing.has(lower))
      .map(({ lower }) => lower)
      .sort()
      .join(' ');
  return a.type === b.type && small(a) === small(b);
}

function lastOf(history: readonly string[]): string[] {
  return history.slice(-recentTurns);
}

function isAsking({ lemma, kind }: Token): boolean {
  return kind === 'function' || asking.has(lemma);
}

function contentOf({ tokens }: Signature): number {
  return tokens.filter((token) => token.kind !== 'function' && !framingWords.has(token.lemma) && !isPointing(token))
    .length;
}

/** Runs of words with a meaning, longest first: what a turn talks about. */
function topicsOf(turn: string): string[] {
  const runs: string[][] = [[]];
  for (const token of rememberedSignature(turn).tokens) {
    if (token.kind === 'function' || framingWords.has(token.lemma) || token.kind === 'number') runs.push([]);
    else runs.at(-1)?.push(token.text);
    if (token.mark !== '') runs.push([]);
  }
  return runs
    .filter((run) => run.length > 0)
    .sort((x, y) => y.length - x.length)
    .slice(0, 2)
    .map((run) => run.join(' '));
}
