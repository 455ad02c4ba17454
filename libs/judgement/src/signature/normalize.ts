/** A text cut into chunks that mean something: contractions written out, courtesy dropped, doubles of phrases brought together. */

import { expand } from './contractions.ts';
import { fillers } from './courtesy.ts';
import { isAskedMark, isLiteralText } from './literal-text.ts';
import { phrases } from './phrases.ts';

/** A piece of a text between spaces, with the marks around it off. */
export interface Chunk {
  /** As written. */
  readonly text: string;
  readonly lower: string;
  /** Inside quotation marks or a code block. */
  readonly quoted: boolean;
  /** The first of a sentence, so that its capital says nothing. */
  readonly opens: boolean;
  /** A comma, colon or full stop follows. */
  readonly mark: string;
  /** Marks that are asked about, and hold nothing together. */
  readonly code?: true;
}

const byFirst = <T>(list: readonly T[], first: (item: T) => string): Map<string, T[]> => {
  const map = new Map<string, T[]>();
  for (const item of list) map.set(first(item), [...(map.get(first(item)) ?? []), item]);
  return map;
};
const fillersByFirst = byFirst(fillers, ([first = '']) => first);
const phrasesByFirst = byFirst(
  [...phrases].sort(([a], [b]) => b.length - a.length),
  ([[first = '']]) => first,
);

/** Texts longer than this are compared by this much of their head; what the cache compares by meaning is shorter. */
const scanned = 4000;

/** "…, isn't it?" turns nothing round. */
const tagQuestion =
  /,? (?:is|are|was|were|do|does|did|have|has|can|could|will|would|should|am)(?:n['’]t)? (?:it|you|they|we|he|she|i)(\?\s*)$/i;

/** A word and at most one mark behind it: what nearly all pieces are, and all that is below would make of one. */
const plainPiece = /^([A-Za-z]+)([,.!?;:]?)$/;

/** The chunks of a text in order; at most 400. */
export function toChunks(text: string): Chunk[] {
  const plain = text
    .slice(0, scanned)
    .replace(tagQuestion, '$1')
    .normalize('NFC')
    .replace(/[‘’ʼ´`]/g, (mark) => (mark === '`' ? '`' : "'"));
  const raw: Chunk[] = [];
  let fence = false;
  let quote = '';
  let opens = true;
  for (const line of plain.split('\n')) {
    if (line.trimStart().startsWith('```')) {
      fence = !fence;
      continue;
    }
    const pieces = line.split(/[\s\u00a0]+/u).filter((piece) => piece !== '');
    for (const [i, piece] of pieces.entries()) {
      const bare = piece.replace(/^["“„«`]|["”»`]$/g, '');
      if (isAskedMark(bare, pieces[i + 1])) {
        raw.push({ text: bare, lower: bare, quoted: false, opens, mark: '', code: true });
        continue;
      }
      const [, word, end = ''] = plainPiece.exec(piece) ?? [];
      if (word !== undefined) {
        pushWord(raw, word, { quoted: fence || quote !== '', opens, mark: end });
        opens = end !== '' && '.!?:'.includes(end);
        if (raw.length > 400) return raw;
        continue;
      }
      const begin = /^["“”„«`(]*/.exec(piece)?.[0] ?? '';
      if (quote === '' && /["“„«`]/.test(begin)) quote = begin.includes('`') ? '`' : '"';
      const isQuoted = fence || quote !== '';
      const core = /^[.*]+$/.test(piece)
        ? piece
        : isLiteralText(piece)
          ? piece.replace(/^["“”„«]+/, '').replace(/["“”»,.!?;:]+$/, '')
          : strip(piece);
      const tail = piece.slice(begin.length);
      if (quote === '"' && /["“”»]/.test(tail)) quote = '';
      if (quote === '`' && tail.includes('`')) quote = '';
      const mark = /[.!?:;,]["”»)\]]*$/.exec(piece)?.[0]?.[0] ?? '';
      if (core !== '') push(raw, core, { quoted: isQuoted, opens, mark });
      opens = core === '' ? opens : /[.!?:]["”»)]*$/.test(piece);
      if (raw.length > 400) return raw;
    }
    opens = true;
  }
  return dropFillers(raw);
}

function strip(piece: string): string {
  return piece
    .replace(/^[^\p{L}\p{N}$€£¥₹#@.+\-/\\<>=*~|%^]+/u, '')
    .replace(/[^\p{L}\p{N}%°+#)>=*€$£¥₹]+$/u, '')
    .replace(/\)+$/, '')
    .replace(/^\.+(?=\p{L}{2,}$)/u, '.');
}

function push(into: Chunk[], core: string, about: { quoted: boolean; opens: boolean; mark: string }): void {
  if (isLiteralText(core)) {
    into.push({ text: core, lower: core, ...about });
    return;
  }
  // "Sugar-free" is without sugar.
  const lacking = /^(\p{L}+)-free$/iu.exec(core)?.[1];
  if (lacking !== undefined) {
    pushWord(into, 'without', { ...about, mark: '' });
    pushWord(into, lacking, { ...about, opens: false });
    return;
  }
  // "and/or" and "two-week" are words side by side; "e-mail" is one word.
  const parts =
    (/^[-+]?\d/.test(core) && !/^\d+-\p{L}{3,}/u.test(core)) || /^(?:re|e|co|t|x|wi|pre|non|anti)-/i.test(core)
      ? [core]
      : core.split(/[/–—]|(?<=[\p{L}\d])-(?=\p{L}{2})/u);
  let { opens } = about;
  for (const part of parts) {
    if (part === '') continue;
    const bare = part.replace(/(?<=\p{L})-(?=\p{L})/gu, '');
    pushWord(into, bare, { ...about, opens, mark: part === parts.at(-1) ? about.mark : '' });
    opens = false;
  }
}

/** A word, or what it is short for. */
function pushWord(into: Chunk[], bare: string, { quoted, opens, mark }: Omit<Chunk, 'text' | 'lower'>): void {
  const written = expand(bare.toLowerCase());
  if (!written.includes(' ')) {
    into.push({ text: bare, lower: written, quoted, opens, mark });
    return;
  }
  const words = written.split(' ');
  for (const [i, lower] of words.entries())
    into.push({ text: lower, lower, quoted, opens: opens && i === 0, mark: i === words.length - 1 ? mark : '' });
}

function dropFillers(chunks: readonly Chunk[]): Chunk[] {
  const kept: Chunk[] = [];
  let at = 0;
  while (at < chunks.length) {
    const chunk = chunks[at];
    if (!chunk) break;
    const matches = (list: readonly string[]) => list.every((word, i) => chunks[at + i]?.lower === word);
    const filler = chunk.quoted ? undefined : fillersByFirst.get(chunk.lower)?.find(matches);
    if (filler) {
      at += filler.length;
      continue;
    }
    const phrase = phrasesByFirst.get(chunk.lower)?.find(([from]) => matches(from));
    if (phrase) {
      const last = chunks[at + phrase[0].length - 1];
      for (const lower of phrase[1]) kept.push({ ...chunk, text: lower, lower, mark: '' });
      const end = kept.at(-1);
      if (end && last) kept[kept.length - 1] = { ...end, mark: last.mark };
      at += phrase[0].length;
      continue;
    }
    kept.push(chunk);
    at += 1;
  }
  return kept.length > 0 ? kept : [...chunks];
}
