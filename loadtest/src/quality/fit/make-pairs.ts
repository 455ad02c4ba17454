/** All pairs the verifier is fitted on: made from shippable texts by rules, from templates, and the labelled sets that may ship. */
import { readRows } from '../rows.ts';
import { shippablePairs, shippableTexts } from '../shippable.ts';
import type { FitPair } from './fit-pair.ts';
import { harmfulEdits } from './harmful.ts';
import { type Edit, harmlessEdits } from './harmless.ts';
import { Random } from './random.ts';
import { pairsFromTemplates } from './templates.ts';
import { createWords, type Words } from './words.ts';
import { writtenPairs } from './written.ts';

interface PairRow {
  readonly a: string;
  readonly b: string;
  readonly label: number;
  readonly kind?: string;
}

/** Makes them all; the same for the same data and seed. */
export function makePairs(folder: string, seed: number): FitPair[] {
  const random = new Random(seed);
  const texts = [...new Set(shippableTexts(folder))];
  const words = createWords(texts);
  const statements = new Set(readRows<PairRow>(folder, 'pairs/pairs_negation_cannot').flatMap(({ a, b }) => [a, b]));
  const bases = random.shuffled(
    texts.filter(
      (text) =>
        text.length >= 18 &&
        text.length <= 260 &&
        !text.includes('\n') &&
        !text.includes('__') &&
        !statements.has(text),
    ),
  );
  const long = random.shuffled(texts.filter((text) => text.length > 260 && text.length <= 700)).slice(0, 500);
  const made = [...bases.slice(0, 5200), ...long].flatMap((base) => editPairs(base, random, words));
  return [
    ...made,
    ...pairsFromTemplates(random, 2600).map((pair) => ({ ...pair, weight: 0.7, source: 'templates' })),
    ...writtenPairs(),
    ...labelledPairs(folder),
    ...retrievalPairs(folder, random),
    ...dialoguePairs(folder),
  ];
}

function pickEdit(
  edits: readonly { readonly name: string; readonly edit: Edit; readonly share: number }[],
  random: Random,
) {
  let at = random.next() * edits.reduce((sum, { share }) => sum + share, 0);
  for (const each of edits) {
    at -= each.share;
    if (at <= 0) return each;
  }
  return edits[0];
}

function apply(
  text: string,
  edits: Parameters<typeof pickEdit>[0],
  random: Random,
  words: Words,
): { text: string; name: string } | undefined {
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const chosen = pickEdit(edits, random);
    const after = chosen?.edit(text, random, words);
    if (chosen && after !== undefined && after !== text && after.trim() !== '')
      return { text: after, name: chosen.name };
  }
  return undefined;
}

function editPairs(base: string, random: Random, words: Words): FitPair[] {
  const found: FitPair[] = [];
  const add = (b: string, label: number, kind: string) => {
    const [x, y] = random.next() < 0.5 ? [base, b] : [b, base];
    found.push({ a: x, b: y, label, weight: 1, source: label === 1 ? 'harmless' : 'harmful', kind });
  };
  for (let i = 0; i < 2; i += 1) {
    let text = base;
    const names: string[] = [];
    for (let steps = 1 + random.below(3); steps > 0; steps -= 1) {
      const after = apply(text, harmlessEdits, random, words);
      if (!after) break;
      text = after.text;
      names.push(after.name);
    }
    if (names.length > 0) add(text, 1, names[0] ?? '');
  }
  for (let i = 0; i < 2; i += 1) {
    let text = base;
    for (let steps = random.below(3); steps > 0; steps -= 1)
      text = apply(text, harmlessEdits, random, words)?.text ?? text;
    const after = apply(text, harmfulEdits, random, words);
    if (after && after.text.toLowerCase() !== base.toLowerCase()) add(after.text, 0, after.name);
  }
  return found;
}

/** The labelled sets. Kinds that are the admission's work teach the comparison nothing. */
function labelledPairs(folder: string): FitPair[] {
  const weights: Readonly<Record<string, number>> = { pairs_negation_cannot: 0.8 };
  const isAdmission = /^(?:action|freshness|temporal_volatile|personalized|thread_scoped)$/;
  return shippablePairs.flatMap((source) =>
    readRows<PairRow>(folder, `pairs/${source}`)
      .filter(({ kind }) => !isAdmission.test(kind ?? ''))
      .map(({ a, b, label, kind = '' }) => ({ a, b, label, weight: weights[source] ?? 3, source, kind })),
  );
}

/** A sentence and its rewording; and, as another thing, the rewording of its neighbour in the file. */
function retrievalPairs(folder: string, random: Random): FitPair[] {
  const rows = readRows<{ origin: string; similar: string }>(folder, 'pairs/retrieval_gptcache_mock');
  return rows.flatMap(({ origin, similar }) => [
    { a: origin, b: similar, label: 1, weight: 0.7, source: 'retrieval', kind: 'rewording' },
    {
      a: origin,
      b: random.pick(rows.filter((row) => row.origin !== origin)).similar,
      label: 0,
      weight: 0.3,
      source: 'retrieval',
      kind: 'other',
    },
  ]);
}

/** Turns of one conversation, written out, ask for different things. */
function dialoguePairs(folder: string): FitPair[] {
  const rows = readRows<{ conv: string; resolved: string; raw: string; needs_context: boolean }>(
    folder,
    'multiturn/multiturn_cast',
  );
  return rows.slice(1).flatMap(({ conv, resolved, raw, needs_context: needsContext }, i) => {
    const before = rows[i];
    const other = before && before.conv === conv && before.resolved !== resolved;
    return [
      ...(other
        ? [{ a: before.resolved, b: resolved, label: 0, weight: 0.7, source: 'dialogue', kind: 'next turn' }]
        : []),
      ...(!needsContext && raw !== resolved
        ? [{ a: raw, b: resolved, label: 1, weight: 0.7, source: 'dialogue', kind: 'same turn' }]
        : []),
    ];
  });
}
