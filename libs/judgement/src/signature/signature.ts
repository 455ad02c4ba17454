/**
 * The typed signature of a question: its words with their base forms and roles, its numbers with units, its literals (code, paths,
 * flags, ids), what it negates, what kind of question it is. Made once for a text, linear in its length, never failing: text in any
 * language, and text that is no language at all, has one.
 */
import { commonness, isKnown, lemmaOf } from '../lexicon/lexicon.ts';
import { classesOf } from './closed-classes.ts';
import { isLiteralText } from './literal-text.ts';
import { type Chunk, toChunks } from './normalize.ts';
import { type Quantity, readQuantity } from './quantity.ts';
import { isServiceQuestion } from './service-question.ts';
import { clauseWords, coordinators, framingWords, functionWords, negators, roleWords } from './word-lists.ts';

/** One word, number or literal. */
export interface Token {
  readonly text: string;
  readonly lower: string;
  readonly lemma: string;
  readonly kind: 'word' | 'function' | 'number' | 'id' | 'literal';
  /** Whether English knows it. */
  readonly known: boolean;
  /** Written with a capital though no sentence begins there. */
  readonly capital: boolean;
  readonly quoted: boolean;
  /** The small word that its place in the sentence hangs on ("from", "to", "than"), or nothing. */
  readonly role: string;
  /** Which of the text's words like `role` that is, from 1; 0 where there is none. */
  readonly roleNumber: number;
  /** How much it matters that it is there, 0.2 to 3.5. */
  readonly weight: number;
  readonly mark: string;
  /** Which sentence it stands in, from 0. */
  readonly sentence: number;
  readonly quantity?: Quantity;
}

/** What a question asks for. */
export type QuestionType =
  | 'how_many'
  | 'how_much'
  | 'how_long'
  | 'how_often'
  | 'how'
  | 'why'
  | 'when'
  | 'where'
  | 'who'
  | 'which'
  | 'what'
  | 'yesno'
  | 'none';

/** All that is compared. */
export interface Signature {
  readonly tokens: readonly Token[];
  readonly quantities: readonly Quantity[];
  /** Code, paths, flags, addresses and ids, as written, sorted. */
  readonly literals: readonly string[];
  readonly negations: number;
  readonly type: QuestionType;
  /** Past, future, or neither, by the auxiliaries. */
  readonly tense: string;
  readonly modal: string;
  readonly sentences: number;
  readonly shouting: boolean;
  /** Whether a desk of customers, staff or citizens is asked such a thing. */
  readonly service: boolean;
  readonly weight: number;
}

/** Digits among letters, or digits too many to count with: an id, a version with letters, a model's number. */
const idShape =
  /^#?(?=\p{L}*[\p{N}-])(?:[\p{L}]+-?\d[\p{L}\d-]*|\d+-?\p{L}[\p{L}\d-]*|\d+(?:-\d+)+|\d{6,}|\d+(?:\.\d+){2,})$/u;
const maximumTokens = 200;

/** Reads a text. */
export function signatureOf(text: string): Signature {
  const chunks = toChunks(text);
  const lowers = chunks.map(({ lower }) => lower);
  const letters = text.slice(0, 400).replace(/[^\p{L}]/gu, '');
  const shouting = letters.length > 8 && letters === letters.toUpperCase() && letters !== letters.toLowerCase();
  const tokens: Token[] = [];
  let role = '';
  const roleNumbers = new Map<string, number>();
  let sentence = 0;
  for (let at = 0; at < chunks.length && tokens.length < maximumTokens; ) {
    const chunk = chunks[at];
    if (!chunk) break;
    const { token, taken } = readToken(
      chunk,
      chunks,
      lowers,
      at,
      { role, roleNumber: roleNumbers.get(role) ?? 0 },
      shouting,
      sentence,
    );
    tokens.push(token);
    at += taken;
    if (token.kind === 'function' && !coordinators.has(token.lower)) {
      if (roleWords.has(token.lower)) {
        role = token.lower;
        roleNumbers.set(role, (roleNumbers.get(role) ?? 0) + 1);
      } else if (clauseWords.has(token.lower)) role = '';
    }
    if (/[.!?;:]/.test(token.mark)) role = '';
    if (/[.!?]/.test(token.mark)) sentence += 1;
  }
  const literals = tokens.filter(({ kind }) => kind === 'literal' || kind === 'id').map(({ text: each }) => each);
  return {
    tokens,
    quantities: tokens.flatMap(({ quantity }) => (quantity ? [quantity] : [])),
    literals: literals.sort(),
    negations: tokens.filter(({ lower }) => negators.has(lower)).length,
    type: typeOf(tokens),
    tense: tenseOf(tokens),
    modal: tokens.find(({ lower }) => /^(?:can|could|should|must|may|might|would|will)$/.test(lower))?.lower ?? '',
    sentences:
      tokens.filter(({ mark }) => /[.!?]/.test(mark)).length + (/[.!?]$/.test(tokens.at(-1)?.mark ?? '') ? 0 : 1),
    shouting,
    service: isServiceQuestion(text),
    weight: tokens.reduce((sum, { weight }) => sum + weight, 0),
  };
}

function readToken(
  chunk: Chunk,
  chunks: readonly Chunk[],
  lowers: readonly string[],
  at: number,
  place: Pick<Token, 'role' | 'roleNumber'>,
  shouting: boolean,
  sentence: number,
): { token: Token; taken: number } {
  const { text, lower, quoted, mark } = chunk;
  const base = { text, lower, quoted, ...place, mark, sentence, known: true, capital: false };
  if (chunk.code || isLiteralText(text)) {
    const written = literalKey(text);
    return { token: { ...base, text: written, lemma: written, kind: 'literal', weight: 2.5 }, taken: 1 };
  }
  const reading = readQuantity(lowers, at);
  const isId = idShape.test(lower) && (!reading || /^\d{6,}$|^\d+[A-Z]$/.test(text));
  if (isId) return { token: { ...base, text: normalId(text), lemma: normalId(text), kind: 'id', weight: 3 }, taken: 1 };
  if (reading) {
    const { quantity, taken } = reading;
    const end = chunks[at + taken - 1]?.mark ?? '';
    const lemma = `${quantity.value}${quantity.dimension}`;
    return {
      token: { ...base, mark: end, lemma, kind: 'number', quantity, weight: quantity.optional ? 0.3 : 2.5 },
      taken,
    };
  }
  if (
    functionWords.has(lower) &&
    !(lower.length < 3 && text !== lower && text === text.toUpperCase() && lower !== 'i' && !shouting && !chunk.opens)
  ) {
    const weight = negators.has(lower) ? 0.5 : 0.2;
    return { token: { ...base, lemma: lemmaOf(lower), kind: 'function', weight }, taken: 1 };
  }
  const capital = !chunk.opens && !shouting && /^\p{Lu}/u.test(text);
  const thing = classesOf.get(lower)?.[0]?.[1];
  // "APIs", "GPUs": no dictionary knows them.
  const isPluralOfLetters = /^\p{Lu}{2,}s$/u.test(text);
  const lemma = thing ?? lemmaOf(isPluralOfLetters ? lower.slice(0, -1) : lower);
  const known = thing !== undefined || isKnown(lower);
  const rare = known ? Math.max(0, 2.2 - 0.13 * commonness(lemma)) : 2.2;
  const weight = framingWords.has(lemma)
    ? 0.4
    : Math.max(0.8, rare) + (capital ? 0.6 : 0) + (classesOf.has(lower) ? 0.5 : 0);
  return { token: { ...base, lemma, kind: 'word', known, capital, weight }, taken: 1 };
}

/** "#WT-44219" and "wt-44219" are one id; "512m" and "512M" are two. */
function normalId(text: string): string {
  const bare = text.replace(/^#/, '');
  return /^\d+\p{L}$/u.test(bare) ? bare : bare.toUpperCase();
}

/** Names with dots ("VB.NET", "sales.csv") are written in any case; flags, code and paths are not. */
function literalKey(text: string): string {
  return /^[\w-]+(?:\.[\w-]+)+$/.test(text) ? text.toLowerCase() : text;
}

function typeOf(tokens: readonly Token[]): QuestionType {
  for (const [i, { lower }] of tokens.entries()) {
    const next = tokens[i + 1]?.lower ?? '';
    switch (lower) {
      case 'how':
        if (next === 'many' || next === 'much' || next === 'long' || next === 'often') return `how_${next}`;
        return 'how';
      case 'why':
      case 'when':
      case 'where':
      case 'which':
      case 'what':
        if (lower === 'when' && i > 0 && tokens[i - 1]?.kind !== 'function') continue;
        if (lower === 'where' && isRelative(tokens[i - 1])) continue;
        return lower;
      case 'who':
      case 'whom':
      case 'whose':
        return 'who';
      case 'is':
      case 'are':
      case 'do':
      case 'does':
      case 'did':
      case 'can':
      case 'could':
      case 'should':
      case 'will':
      case 'would':
      case 'has':
      case 'have':
      case 'was':
      case 'were':
        if (i === 0 || /[.!?:]/.test(tokens[i - 1]?.mark ?? '')) return 'yesno';
        continue;
      case 'wie':
      case 'comment':
      case 'cómo':
      case 'como':
        return 'how';
      case 'warum':
      case 'pourquoi':
        return 'why';
      case 'wann':
      case 'quand':
      case 'cuándo':
      case 'quando':
        return 'when';
      case 'wo':
      case 'où':
      case 'dónde':
      case 'onde':
        return 'where';
      default:
        continue;
    }
  }
  return 'none';
}

/** "The rows where it is null" asks for no place, "show where it is" does. */
function isRelative(before: Token | undefined): boolean {
  return before?.kind === 'word' && before.mark === '' && !framingWords.has(before.lemma);
}

function tenseOf(tokens: readonly Token[]): string {
  for (const { lower } of tokens) {
    if (/^(?:was|were|did|had)$/.test(lower)) return 'past';
    if (/^(?:will|shall)$/.test(lower)) return 'future';
    if (/^(?:is|are|do|does|am|has|have)$/.test(lower)) return 'present';
  }
  return '';
}

const recent = new Map<string, Signature>();

/** Texts whose signatures are kept: about 5 KB each. */
const maximumRecent = 5000;

/** As `signatureOf`, kept for the last texts: a question meets several candidates, and an entry many questions. */
export function rememberedSignature(text: string): Signature {
  const known = recent.get(text);
  if (known) return known;
  const made = signatureOf(text);
  if (recent.size >= maximumRecent) recent.delete(recent.keys().next().value ?? '');
  recent.set(text, made);
  return made;
}
