import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ChatSchema, ClassificationSchema, EntrySchema, LookupRequestSchema, Role } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Candidate, VerifierContext } from '@refrain/judgement';
import { Metrics } from '@refrain/service';
import type { Asked } from '../requests/level.ts';
import { type CompareParts, compare, type StoredSet } from './compare.ts';
import { PartTimes } from './part-times.ts';

const vector = (angle: number) => Float32Array.of(Math.cos(angle), Math.sin(angle));
const cache = { staleSeconds: 0, revalidateSeconds: 0, semantic: { topK: 5 } };

/** Entries at an angle from the first text; the verifier takes the nearest, and nothing where a rival is among them. */
function compareWith(
  entries: { question: string; angle: number; rank?: number }[],
  { minimumRank = 0, texts = ['asked'] }: { minimumRank?: number; texts?: string[] } = {},
) {
  const seen: { candidates: readonly Candidate[]; context: VerifierContext }[] = [];
  const near = entries.map(({ question, angle, rank = 3 }) => ({
    id: question,
    entry: create(EntrySchema, { question, rank, expiresAtMs: 10_000n, revalidateUntilMs: 10_000n }),
    vector: vector(angle),
  }));
  const compared: number[] = [];
  const parts = {
    learning: { shift: () => 0.5, compared: (_: unknown, probability: number) => compared.push(probability) },
    embedder: {
      embed: async (text: string) => {
        if (text.startsWith('unreadable')) throw new RefrainError('unsupported', 'No.', { reason: 'TOO_LONG' });
        if (text === 'down') throw new RefrainError('unavailable', 'No.', { reason: 'EMBEDDER_DOWN' });
        return vector(text === 'other' ? 1 : 0);
      },
    },
    index: { query: async () => near.map(({ id }) => id), remove: () => {} },
    near: { getMany: async (_: unknown, ids: string[]) => ids.map((id) => near.find((each) => each.id === id)) },
    times: new PartTimes(new Metrics('test')),
  } as unknown as CompareParts;
  const asked = {
    request: create(LookupRequestSchema, { minimumRank, classification: create(ClassificationSchema) }),
    chat: create(ChatSchema, {
      messages: [{ role: Role.USER, parts: [{ content: { case: 'text', value: 'asked' } }] }],
    }),
    settings: {
      cache,
      verifier: {
        decide: (_: string, candidates: readonly Candidate[], context: VerifierContext) => {
          seen.push({ candidates, context });
          if (candidates.some(({ question }) => question === 'rival')) return { refuse: 'ambiguous', likeliest: 0.7 };
          const most = Math.max(...candidates.map(({ cosine }) => cosine));
          return { accept: candidates.findIndex(({ cosine }) => cosine === most), confidence: 0.9, likeliest: 0.9 };
        },
      },
    },
    nowMs: 0,
  } as unknown as Asked;
  const way = { partition: 'p', texts, history: ['before'], budgetShare: 0.5 };
  const set: StoredSet = { way, partition: { tenant: 't', key: 'p' }, size: entries.length, glances: new Map() };
  return { result: compare(set, asked, parts), seen, compared };
}

test('a demand for a rank takes entries away, and makes no hit of what was a miss without it', async () => {
  const rival = { question: 'rival', angle: 0.1, rank: 1 };
  const good = { question: 'good', angle: 0.2, rank: 4 };
  assert.deepEqual(await compareWith([rival, good]).result, { miss: 'ambiguous' });
  assert.deepEqual(await compareWith([rival, good], { minimumRank: 3 }).result, { miss: 'ambiguous' });
  const poor = { question: 'poor', angle: 0.1, rank: 1 };
  const match = await compareWith([poor, good], { minimumRank: 3 }).result;
  assert.ok('near' in match && match.near.entry.question === 'good');
  assert.deepEqual(await compareWith([poor], { minimumRank: 3 }).result, { miss: 'below_rank' });
});

test('an entry near two texts is one candidate, with the better cosine, and the verifier hears of the dialogue', async () => {
  const { result, seen } = compareWith([{ question: 'good', angle: 1 }], { texts: ['asked', 'other'] });
  assert.ok('near' in (await result));
  assert.deepEqual(
    seen.map(({ candidates }) => candidates.map(({ cosine }) => Math.round(cosine * 1000) / 1000)),
    [[1]],
  );
  assert.deepEqual([seen[0]?.context.history, seen[0]?.context.budgetShare], [['before'], 0.5]);
});

test('a text the model cannot read is left out; where it can read none, or is away, the lookup fails with the reason', async () => {
  const good = { question: 'good', angle: 0.1 };
  assert.ok('near' in (await compareWith([good], { texts: ['unreadable', 'asked'] }).result));
  await assert.rejects(compareWith([good], { texts: ['unreadable'] }).result, { reason: 'TOO_LONG' });
  await assert.rejects(compareWith([good], { texts: ['asked', 'down'] }).result, { reason: 'EMBEDDER_DOWN' });
});

test('the verifier hears what the traffic adds, and the traffic what was likeliest, served or not', async () => {
  const good = { question: 'good', angle: 0.2 };
  const served = compareWith([good]);
  await served.result;
  assert.deepEqual([served.seen[0]?.context.shift, served.compared], [0.5, [0.9]]);
  const refused = compareWith([good, { question: 'rival', angle: 0.1 }]);
  await refused.result;
  assert.deepEqual(refused.compared, [0.7]);
});
