/** Which rows of a data folder are replayed, and what `decide` says of each: the very functions of the measurement, on the kept vectors. */
import type { Chat } from '@refrain/contracts';
import { cacheability } from '@refrain/judgement';
import { type Asked, chatOf, classifier, createAsker, maximumTemperature, servesPair, shipped } from './decide.ts';
import { type DialogueRow, dialogueTexts, servesDialogue } from './dialogues.ts';
import type { Vectors } from './embed-texts.ts';
import type { PairRow } from './pairs.ts';
import type { RetrievalRow } from './retrieval.ts';
import { readRows, setsIn } from './rows.ts';
import type { StreamRow } from './streams.ts';
import { cosineOf } from './vector-file.ts';

/** One call or two: what is asked and what should come of it, and what is stored where it was not answered. */
export interface Expectation {
  readonly tenant: string;
  readonly ask?: Chat;
  readonly outcome?: 'hit' | 'miss';
  readonly store?: Chat;
  /** The texts, for who looks into a difference. */
  readonly says?: string;
}

/** The rows of one set, each a list of steps. */
export interface ReplaySet {
  readonly name: string;
  readonly texts: readonly string[];
  expect(vectorOf: Vectors): Expectation[][];
}

const most = 200;
const topK = 5;

/** All sets of a folder that may be replayed. */
export function replaySets(folder: string, only: readonly string[] | undefined): ReplaySet[] {
  const rowsOf = <Row>(part: string, start: string) =>
    setsIn(folder, part)
      .filter((name) => name.startsWith(start) && (!only || only.includes(name)))
      .map((name) => ({ name, rows: readRows<Row>(folder, `${part}/${name}`) }));
  return [
    ...rowsOf<PairRow>('pairs', 'pairs_').map(({ name, rows }) => pairSet(name, spread(rows))),
    ...rowsOf<RetrievalRow>('pairs', 'retrieval_').map(({ name, rows }) =>
      pairSet(
        name,
        spread(rows).map(({ origin, similar }) => ({ a: origin, b: similar, label: 1 })),
      ),
    ),
    ...rowsOf<DialogueRow>('multiturn', 'multiturn_pairs').map(({ name, rows }) => dialogueSet(name, spread(rows))),
    ...rowsOf<{ text: string }>('admission', 'admission_').map(({ name, rows }) => admissionSet(name, spread(rows))),
    // A stream is a stream only from its beginning.
    ...rowsOf<StreamRow>('streams', 'stream_').map(({ name, rows }) => streamSet(name, rows.slice(0, most))),
  ];
}

/** So many rows, from all over the file. */
function spread<Row>(rows: readonly Row[]): Row[] {
  const step = Math.max(1, rows.length / most);
  return Array.from({ length: Math.min(most, rows.length) }, (_, i) => rows[Math.floor(i * step)] as Row);
}

function pairSet(name: string, rows: readonly PairRow[]): ReplaySet {
  return {
    name,
    texts: rows.flatMap(({ a, b }) => [a, b]),
    expect: (vectorOf) => {
      const ask = createAsker(vectorOf);
      const decider = shipped(0.01);
      return rows.map(({ a, b }) => {
        // The same words are the exact level's, where they may be stored at all.
        const { served, reason } = a === b ? exactly(a) : servesPair(decider, ask(a), ask(b));
        return twoSteps(chatOf(a, []), chatOf(b, []), served, `${reason} | ${a} | ${b}`);
      });
    },
  };
}

function exactly(text: string): { served: boolean; reason: string } {
  const chat = chatOf(text, []);
  const { store, storeReason = '' } = cacheability(chat, classifier.classify(chat), maximumTemperature);
  return { served: store, reason: storeReason };
}

function dialogueSet(name: string, rows: readonly DialogueRow[]): ReplaySet {
  return {
    name,
    texts: dialogueTexts(rows),
    expect: (vectorOf) =>
      rows.map((row) => {
        const [stored, asked] = [chatOf(row.a, row.a_history), chatOf(row.b, row.b_history)];
        return twoSteps(stored, asked, servesDialogue(row, vectorOf), `${row.a} | ${row.b}`);
      }),
  };
}

/** A question stored and asked again with a word of courtesy more: answered where its class lets similarity answer, else not. */
function admissionSet(name: string, rows: readonly { readonly text: string }[]): ReplaySet {
  return pairSet(
    name,
    rows.map(({ text }) => ({ a: text, b: `Please, ${text}`, label: 1 })),
  );
}

function streamSet(name: string, rows: readonly StreamRow[]): ReplaySet {
  return {
    name,
    texts: rows.map(({ text }) => text),
    expect: (vectorOf) => {
      const ask = createAsker(vectorOf);
      const decider = shipped(0.01);
      const stored: { row: StreamRow; asked: Asked }[] = [];
      const steps = rows.map((row): Expectation => {
        const asked = ask(row.text);
        const peers = stored.filter((each) => each.row.tenant === row.tenant);
        const near = asked.vector ? nearest(asked, peers) : [];
        const isExact = peers.some((each) => each.row.text === row.text);
        const isHit = isExact || (near.length > 0 && decider.decide(asked, near).accept !== undefined);
        if (!isHit) stored.push({ row, asked });
        const chat = chatOf(row.text, []);
        return { tenant: row.tenant ?? '', ask: chat, store: chat, outcome: isHit ? 'hit' : 'miss', says: row.text };
      });
      return [steps];
    },
  };
}

function nearest({ vector, partition }: Asked, stored: readonly { readonly asked: Asked }[]) {
  return stored
    .flatMap(({ asked }) =>
      vector && asked.vector && asked.partition === partition
        ? [{ question: asked.text, cosine: cosineOf(vector, asked.vector) }]
        : [],
    )
    .sort((x, y) => y.cosine - x.cosine)
    .slice(0, topK);
}

function twoSteps(stored: Chat, asked: Chat, served: boolean, says: string): Expectation[] {
  return [
    { tenant: '', store: stored },
    { tenant: '', ask: asked, outcome: served ? 'hit' : 'miss', says },
  ];
}
