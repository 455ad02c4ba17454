/**
 * Replays rows of every set through a running cache, by Store and Lookup as the router calls them, and counts how often it does what the
 * measurement says it would: so the figures are the cache's and not those of a model of it. Every row has a tenant of its own.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import {
  CacheService,
  type Chat,
  FinishReason,
  Level,
  LookupRequestSchema,
  type LookupResponse,
  Source,
  StoreRequestSchema,
} from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import type { Result } from '../bench/report.ts';
import { classifier } from './decide.ts';
import { embedTexts } from './embed-texts.ts';
import { wilson } from './intervals.ts';
import { type Expectation, type ReplaySet, replaySets } from './replay-sets.ts';

/** How to replay. */
export interface ReplayOptions {
  readonly home: string;
  /** Of the cache's gRPC port. */
  readonly address: string;
  say(line: string): void;
  readonly only?: readonly string[] | undefined;
}

const atOnce = 4;
/** The embedder is asked in other batches than the measurement asked it, and may take a moment more. */
const timeoutMs = 10_000;
/** What a lookup or a store says where a part was late or away. */
const late = new Set([
  'embedder_slow',
  'embedder_busy',
  'embedder_down',
  'no_model',
  'deadline',
  'chroma_slow',
  'redis_down',
  'index_not_ready',
]);
const mostAttempts = 40;
const pauseMs = 250;
const levels = [Level.EXACT, Level.SEMANTIC];

/** Agreement by set, 1 where the cache does in all rows what was expected. @throws Error where the cache cannot be asked */
export async function replayCache(folder: string, { home, address, say, only }: ReplayOptions): Promise<Result[]> {
  const sets = replaySets(folder, only);
  const vectorOf = await embedTexts(
    sets.flatMap(({ texts }) => texts),
    home,
    say,
  );
  const client = createGrpcClient(CacheService, address);
  try {
    const results: Result[] = [];
    for (const set of sets) results.push(await replaySet(set, set.expect(vectorOf), client, say));
    return results;
  } finally {
    client.close();
  }
}

async function replaySet(
  { name }: ReplaySet,
  rows: readonly (readonly Expectation[])[],
  client: GrpcClient<typeof CacheService>,
  say: (line: string) => void,
): Promise<Result> {
  let agreed = 0;
  let asked = 0;
  for (let from = 0; from < rows.length; from += atOnce) {
    const part = rows.slice(from, from + atOnce);
    const outcomes = (await Promise.all(part.map((steps) => replayRow(steps, client)))).flat();
    asked += outcomes.length;
    for (const { expectation, got } of outcomes) {
      if (got === expectation.outcome) agreed += 1;
      else say(`${name}: expected ${expectation.outcome}, got ${got}: ${expectation.says}`);
    }
  }
  say(`${name}: ${agreed} of ${asked} as expected`);
  const value = asked === 0 ? 0 : agreed / asked;
  return { case: name, metric: 'replay_agreement', value, ...wilson(agreed, asked), n: asked, unit: 'share' };
}

/** Steps in their order, each under the tenant of its row. */
async function replayRow(steps: readonly Expectation[], client: GrpcClient<typeof CacheService>) {
  const run = randomUUID();
  const outcomes: { expectation: Expectation; got: 'hit' | 'miss' | string }[] = [];
  for (const expectation of steps) {
    const tenant = `${run}${expectation.tenant}`;
    if (expectation.ask) {
      const { answer, missReason } = await look(tenant, expectation.ask, client);
      const got = answer ? 'hit' : expectation.outcome === 'miss' ? 'miss' : `miss (${missReason})`;
      outcomes.push({ expectation, got });
      // As the router does: what was answered by the cache is not stored again.
      if (answer) continue;
    }
    if (expectation.store) await keep(tenant, expectation.store, client);
  }
  return outcomes;
}

async function look(tenant: string, chat: Chat, client: GrpcClient<typeof CacheService>): Promise<LookupResponse> {
  const request = create(LookupRequestSchema, { tenant, chat, classification: classifier.classify(chat), levels });
  return untilDecided(
    () => client.lookup(request, { timeoutMs }),
    ({ missReason }) => missReason,
  );
}

async function keep(tenant: string, chat: Chat, client: GrpcClient<typeof CacheService>): Promise<void> {
  const answer = {
    text: 'Kept for the replay.',
    finishReason: FinishReason.STOP,
    usage: { promptTokens: 10, completionTokens: 10 },
    cost: { nanoUsd: 1_000_000n },
    provenance: { source: Source.PROVIDER, provider: 'replay', model: 'replay', attempts: 1 },
    createdAtMs: BigInt(Date.now()),
  };
  const classification = classifier.classify(chat);
  // As long as a model takes: the cache weighs its own time against it.
  const request = create(StoreRequestSchema, { tenant, chat, classification, answer, rank: 5, tookMs: 1000 });
  await untilDecided(
    () => client.store(request, { timeoutMs }),
    ({ exactOnlyReason, refusedReason }) => refusedReason || exactOnlyReason,
  );
}

/** A part that is late on a busy machine has decided nothing: the cache is asked again. */
async function untilDecided<Reply>(call: () => Promise<Reply>, reasonOf: (reply: Reply) => string): Promise<Reply> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await call();
    if (!late.has(reasonOf(reply)) || attempt === mostAttempts) return reply;
    await setTimeout(pauseMs);
  }
}
