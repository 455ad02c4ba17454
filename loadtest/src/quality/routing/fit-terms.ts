/** The vocabulary of the fit: which terms there are, how rare they are, which of them matter. */
import { forEachTerm, headNames, type PromptText, raritySteps, type Vocabulary } from '@refrain/judgement';
import type { Heads } from './heads.ts';

/** A term and the form it counts for. */
export type Term = `${keyof Vocabulary}|${string}`;

/** Terms with the number of prompts that have them. */
export function countTerms(read: readonly PromptText[], leastRows: number): Map<Term, number> {
  const counts = new Map<Term, number>();
  for (const { head, tokens } of read) {
    const own = new Set<Term>();
    forEachTerm(head, tokens, (term, form) => {
      own.add(`open|${term}`);
      if (form !== 'open') own.add(`${form}|${term}`);
    });
    for (const term of own) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  const order = ['open', 'choices', 'sum'];
  const formOfTerm = (term: Term) => order.indexOf(term.slice(0, term.indexOf('|')));
  return new Map(
    [...counts].filter(([, count]) => count >= leastRows).sort(([a], [b]) => formOfTerm(a) - formOfTerm(b)),
  );
}

/** Rarity by place, as it ships: whole steps. */
export function raritiesOf(terms: ReadonlyMap<Term, number>, rows: number): Uint8Array {
  return Uint8Array.from(terms.values(), (count) =>
    Math.min(255, Math.round(raritySteps * (Math.log((1 + rows) / (1 + count)) + 1))),
  );
}

/** The terms with their places. */
export function vocabularyOf(terms: ReadonlyMap<Term, number>): Vocabulary {
  const vocabulary = {
    open: new Map<string, number>(),
    choices: new Map<string, number>(),
    sum: new Map<string, number>(),
  };
  for (const [place, term] of [...terms.keys()].entries()) {
    const bar = term.indexOf('|');
    vocabulary[term.slice(0, bar) as keyof Vocabulary].set(term.slice(bar + 1), place);
  }
  return vocabulary;
}

/** The terms that move some head most, by weight, rarity and how many prompts have them. */
export function heaviest(terms: ReadonlyMap<Term, number>, heads: Heads, count: number): Map<Term, number> {
  if (terms.size <= count) return new Map(terms);
  const spreads = headNames.map(
    (name) => Math.sqrt(heads[name].terms.reduce((sum, weight) => sum + weight * weight, 0)) || 1,
  );
  const scored = [...terms].map(([term, rows], place) => {
    const moves = headNames.map((name, i) => Math.abs(heads[name].terms[place] ?? 0) / (spreads[i] ?? 1));
    return { term, rows, place, score: Math.max(...moves) * Math.sqrt(rows) };
  });
  const kept = scored.sort((a, b) => b.score - a.score || a.place - b.place).slice(0, count);
  return new Map(kept.sort((a, b) => a.place - b.place).map(({ term, rows }) => [term, rows]));
}
