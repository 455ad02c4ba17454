/** "TPMS" and "tire pressure monitoring system": a short word that is none, and the words whose first letters it has. */
import type { Token } from '../signature/signature.ts';

/** One side of an alignment: its words, the places of those with a meaning, and what each place stands for (-1 where nothing yet). */
interface Side {
  readonly tokens: readonly Token[];
  readonly content: readonly number[];
  readonly taken: number[];
}

/** Joins each open acronym of one side with the first of the open words that spell it on the other; the rest of them count as taken. */
export function joinAcronyms(own: Side, other: Side, join: (own: number, other: number) => void): void {
  for (const place of own.content) {
    const token = own.tokens[place];
    if (own.taken[place] !== -1 || !token || !mayBeAcronym(token)) continue;
    const open = other.content.filter((at) => other.taken[at] === -1);
    const from = open.findIndex((_, at) => spells(other.tokens, open.slice(at, at + token.lower.length), token.lower));
    if (from < 0) continue;
    const [first = 0, ...rest] = open.slice(from, from + token.lower.length);
    join(place, first);
    for (const at of rest) other.taken[at] = place;
  }
}

function mayBeAcronym({ kind, lower, known, text }: Token): boolean {
  return kind === 'word' && /^[a-z]{3,5}$/.test(lower) && (!known || text === text.toUpperCase());
}

/** Words that stand together, but for a small word or two between them. */
function spells(tokens: readonly Token[], places: readonly number[], letters: string): boolean {
  const span = (places.at(-1) ?? 0) - (places[0] ?? 0);
  return span < letters.length + 2 && places.map((at) => tokens[at]?.lower[0]).join('') === letters;
}
