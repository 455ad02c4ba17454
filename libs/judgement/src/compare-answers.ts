/**
 * Whether a stored answer and a fresh one say the same. The two may well be worded differently, so most differences mean nothing; what
 * tells is a "yes" against a "no", other numbers, other names, the same words with a "not" among them, or next to nothing in common. In
 * between it is unsure, and unsure is no evidence: a verdict moves thresholds.
 */
import { relationOf } from './lexicon/lexicon.ts';
import { type Signature, signatureOf, type Token } from './signature/signature.ts';

/** What was found, and by what. */
export interface AnswerComparison {
  readonly verdict: 'same' | 'different' | 'unsure';
  readonly reason:
    | 'equal'
    | 'contained'
    | 'alike'
    | 'opening'
    | 'polarity'
    | 'numbers'
    | 'names'
    | 'nothing_shared'
    | 'empty'
    | 'in_between';
}

/** Words that carry an answer, as far as they can be told. */
interface Content {
  readonly words: ReadonlyMap<string, number>;
  readonly numbers: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
  readonly negations: number;
  /** Every word, also those that carry little. */
  readonly all: ReadonlySet<string>;
  /** Numbers and names as they follow each other. */
  readonly sequence: readonly string[];
  readonly opening: 'yes' | 'no' | undefined;
}

/** Share of the shorter answer's words, by weight, that the other has too. */
const mostShared = 0.8;
const partlyShared = 0.45;
const hardlyShared = 0.12;
/**
 * Of the two answers' embeddings. Two wordings of one answer lie between 0.45 and 0.85, answers to two near questions between 0.33 and
 * 0.95 (86 pairs written by hand): high says that they are about one thing, not that they say the same of it.
 */
const nearCosine = 0.7;
const sameMatterCosine = 0.8;
const farCosine = 0.45;
/** So few words answer directly ("Paris.", "In 1969."): each of them counts. */
const directWords = 4;

const yes = /^\W*(?:yes|yeah|yep|correct|true|absolutely|certainly|ja|oui|sí|sim)(?![\p{L}\p{N}])/iu;
const no =
  /^\W*(?:no|nope|incorrect|false|never|nein|non|não)(?![\p{L}\p{N}])(?! (?:problem|worries|doubt|matter|later|longer|more))/iu;

const unknownScript = /[^\P{L}\p{Script=Latin}]/u;

/** Compares them. `cosine`, where it is known, is that of the two answers' embeddings. Never fails. */
export function compareAnswers(stored: string, fresh: string, cosine?: number): AnswerComparison {
  const [plainStored, plainFresh] = [plain(stored), plain(fresh)];
  if (plainStored === '' || plainFresh === '') return { verdict: 'unsure', reason: 'empty' };
  if (plainStored === plainFresh) return { verdict: 'same', reason: 'equal' };
  const a = contentOf(stored);
  const b = contentOf(fresh);
  if (a.opening && b.opening && a.opening !== b.opening) return { verdict: 'different', reason: 'opening' };
  const contradiction = contradictionOf(a, b, cosine);
  if (contradiction) return { verdict: 'different', reason: contradiction };
  const shared = sharedOf(a, b);
  if (shared <= hardlyShared && cosine !== undefined && cosine < farCosine)
    return { verdict: 'different', reason: 'nothing_shared' };
  return agreementOf(a, b, shared, cosine);
}

/** Where the answers are about one thing and say something else of it. */
function contradictionOf(a: Content, b: Content, cosine = 0): 'numbers' | 'names' | 'polarity' | undefined {
  const shared = sharedOf(a, b);
  const areDirect = a.words.size <= directWords && b.words.size <= directWords;
  if (disjoint(a.numbers, b.numbers) && (areDirect || shared >= partlyShared || cosine >= sameMatterCosine))
    return 'numbers';
  if (disjoint(a.names, b.names) && shared === 0 && areDirect && isNameAlone(a) && isNameAlone(b)) return 'names';
  if ((a.negations - b.negations) % 2 !== 0 && shared >= mostShared && sharedOf(b, a, 'both') >= mostShared)
    return 'polarity';
  return undefined;
}

function agreementOf(a: Content, b: Content, shared: number, cosine: number | undefined): AnswerComparison {
  const unsure: AnswerComparison = { verdict: 'unsure', reason: 'in_between' };
  const [fewer, more] = a.words.size <= b.words.size ? [a, b] : [b, a];
  if (fewer.words.size === 0) return unsure;
  const holds = (part: ReadonlySet<string>, whole: ReadonlySet<string>) => [...part].every((each) => whole.has(each));
  const agrees = holds(fewer.numbers, more.numbers) && holds(fewer.names, more.names);
  if (!agrees || (a.negations - b.negations) % 2 !== 0) return unsure;
  if (isOtherwiseSaid(a, b)) return unsure;
  if (shared === 1) return { verdict: 'same', reason: 'contained' };
  if (shared >= mostShared) return { verdict: 'same', reason: 'alike' };
  const isNear = cosine !== undefined && cosine >= nearCosine && shared >= partlyShared;
  return isNear ? { verdict: 'same', reason: 'alike' } : unsure;
}

/**
 * Whether the same words may say something else: numbers or names that change places ("7 % on books, 19 % on food"), or small words that
 * are opposites ("before meals"). Of scripts whose words are not known here nobody can say.
 */
function isOtherwiseSaid(a: Content, b: Content): boolean {
  const common = (sequence: readonly string[], other: readonly string[]) =>
    sequence.filter((each) => other.includes(each)).join(' ');
  if (common(a.sequence, b.sequence) !== common(b.sequence, a.sequence)) return true;
  const [onlyA, onlyB] = [[...a.all].filter((each) => !b.all.has(each)), [...b.all].filter((each) => !a.all.has(each))];
  if (onlyA.some((one) => onlyB.some((other) => relationOf(one, other) === 'opposite'))) return true;
  return [...a.all, ...b.all].some((each) => unknownScript.test(each));
}

/** Without marks of layout, case and punctuation. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}%$€£+=<>#-]+|(?<!\p{L})#+/gu, ' ')
    .trim();
}

function contentOf(text: string): Content {
  const signature: Signature = signatureOf(text.replace(/[*_`]+|(?<!\p{L})#+/gu, ' '));
  const carrying = signature.tokens.filter(({ kind, weight }) => kind !== 'function' && weight >= 0.5);
  const isShort = carrying.length <= directWords;
  return {
    words: new Map(carrying.map(({ lemma, weight }) => [lemma, weight])),
    numbers: new Set(carrying.flatMap(({ kind, lemma }) => (kind === 'number' ? [lemma] : []))),
    names: new Set(carrying.filter((token) => isName(token, isShort)).map(({ lemma }) => lemma)),
    negations: signature.negations,
    all: new Set(signature.tokens.map(({ lemma }) => lemma)),
    sequence: carrying.flatMap((token) => (token.kind === 'number' || isName(token, isShort) ? [token.lemma] : [])),
    opening: yes.test(text) ? 'yes' : no.test(text) ? 'no' : undefined,
  };
}

/** A capital where no sentence begins; in an answer of a few words also where one does. */
function isName({ capital, kind, text }: Token, isShort: boolean): boolean {
  return kind === 'id' || kind === 'literal' || (kind === 'word' && (capital || (isShort && /^\p{Lu}/u.test(text))));
}

/** The share by weight of the words of the shorter answer (`both`: of either) that the other has as well. */
function sharedOf(a: Content, b: Content, of: 'shorter' | 'both' = 'shorter'): number {
  const [fewer, more] = a.words.size <= b.words.size ? [a, b] : [b, a];
  let all = 0;
  let shared = 0;
  for (const [word, weight] of fewer.words) {
    all += weight;
    if (more.words.has(word)) shared += weight;
  }
  if (of === 'both') for (const [word, weight] of more.words) if (!fewer.words.has(word)) all += weight;
  return all === 0 ? 0 : shared / all;
}

/** Nothing but a name: "Marie Curie", not "Spain has one capital". */
function isNameAlone({ names, words }: Content): boolean {
  return names.size > 0 && names.size === words.size;
}

function disjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size > 0 && b.size > 0 && ![...a].some((each) => b.has(each));
}
