/** A cache service on real Redis, Chroma and model, asked by gRPC as the router asks it. */
import { after } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Answer,
  CacheService,
  type Chat,
  ChatSchema,
  FinishReason,
  type InvalidateRequest,
  InvalidateRequestSchema,
  Level,
  LookupRequestSchema as Lookup,
  type LookupRequestSchema,
  type LookupResponse,
  Role,
  Source,
  StatsRequestSchema,
  type StoreRequest,
  StoreRequestSchema,
  type StoreResponse,
} from '@refrain/contracts';
import { createLexicalClassifier } from '@refrain/judgement';
import { createGrpcClient, type GrpcClient, startGrpcServer } from '@refrain/rpc';
import { type Logger, Metrics, parseMeshConfig } from '@refrain/service';
import { openState, type State } from '@refrain/state';
import { eventually, modelsFolder, silentLog, startChroma, startRedis, type TestServer } from '@refrain/testkit';
import type { Embedder } from '../src/embedder/embedder.ts';
import { EmbedderProcess } from '../src/embedder/embedder-process.ts';
import { RedisNearStore } from '../src/entries/near-store.ts';
import { RedisKeys } from '../src/entries/redis-keys.ts';
import type { ChromaNearIndex } from '../src/index/chroma/chroma-index.ts';
import type { LayeredIndex } from '../src/index/layered-index.ts';
import { openNearIndex } from '../src/index/open-index.ts';
import { toSettings } from '../src/requests/settings.ts';
import { createCacheService } from '../src/service.ts';

/** What a store may say beside its answer. */
export type StoreWish = Partial<Pick<StoreRequest, 'tags' | 'ttlSeconds' | 'askedAtMs' | 'answer'>>;

/** A cache that runs. */
export interface Rig {
  readonly client: GrpcClient<typeof CacheService>;
  readonly state: State;
  readonly keys: RedisKeys;
  readonly near: RedisNearStore;
  readonly index: LayeredIndex;
  /** The part of it that is Chroma. */
  readonly chroma: ChromaNearIndex;
  /** Stores an answer of model `m`, rank 3 unless told otherwise. */
  put(tenant: string, question: string | Chat, text: string, rank?: number, init?: StoreWish): Promise<StoreResponse>;
  /** Looks up; all levels unless told otherwise. */
  get(
    tenant: string,
    question: string | Chat,
    levels?: Level[],
    init?: MessageInitShape<typeof LookupRequestSchema>,
  ): Promise<LookupResponse>;
  remove(tenant: string, selector: InvalidateRequest['selector'], dryRun?: boolean): Promise<number>;
  /** Resolves when the index has what was stored. */
  indexed(): Promise<void>;
  /** Puts another refrain.yaml into force. */
  configure(yaml: string): void;
  stop(): Promise<void>;
}

const head = `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 10 }
  basic: { lane: normal, requestsPerMinute: 10 }
  pro: { lane: high, requestsPerMinute: 10 }
  enterprise: { lane: high, requestsPerMinute: 10 }
providers: { p: { adapter: openai, keyless: true, models: [{ name: m, rank: 3, contextTokens: 1000 }] } }
routes: [{ try: [p/m] }]
`;
const templates = `templates: [{ name: hours, pattern: "when does the {shop} open", answer: "The {shop} opens at nine.", serve: always }]
`;
const classifier = createLexicalClassifier({ simpleBelowCharacters: 100, complexWords: [] });

/** The semantic level alone. */
export const byMeaning: Level[] = [Level.SEMANTIC];
/** The exact level alone. */
export const exactly: Level[] = [Level.EXACT];

/** An embedder with the real model, loaded. */
async function startEmbedder(options: { deadlineMs?: number; hangMs?: number } = {}): Promise<EmbedderProcess> {
  const embedder = new EmbedderProcess({ modelsFolder, log: silentLog, ...options });
  await eventually(() => embedder.ready, { timeoutMs: 60_000, what: 'the model' });
  return embedder;
}

/** How a cache runs that a test starts. */
export interface RigOptions {
  readonly redisUrl: string;
  readonly chromaUrl: string;
  readonly embedder: Embedder;
  /** Sections of refrain.yaml beside providers and tiers. */
  readonly yaml?: string;
  readonly nowMs?: () => number;
  readonly random?: () => number;
  readonly log?: Logger;
  /** How long Redis may take. By default longer than the service gives it: on a busy machine that would be another test. */
  readonly redisMs?: number;
}

/** What the tests of a file stand on. */
export interface Parts {
  readonly redis: TestServer;
  readonly chroma: TestServer;
  readonly embedder: EmbedderProcess;
  /** Starts a cache on them, with other parts and settings where it is told so. */
  start(options?: Partial<RigOptions>): Promise<Rig>;
}

/** Starts Redis, Chroma and the model for a file of tests. They, and the caches that were started on them, end after its last test. */
export async function startParts(options: Parameters<typeof startEmbedder>[0] = {}): Promise<Parts> {
  const running: { stop(): Promise<void> }[] = [];
  after(async () => {
    for (const each of running.reverse()) await each.stop();
  });
  const kept = async <T extends { stop(): Promise<void> }>(starting: Promise<T>) => {
    const part = await starting;
    running.push(part);
    return part;
  };
  const parts = [kept(startRedis()), kept(startChroma()), kept(startEmbedder(options))] as const;
  const [redis, chroma, embedder] = await Promise.all(parts);
  const defaults = { redisUrl: redis.url, chromaUrl: chroma.url, embedder };
  return { redis, chroma, embedder, start: (other = {}) => kept(startRig({ ...defaults, ...other })) };
}

/** Starts a cache on parts that run. */
async function startRig(options: RigOptions): Promise<Rig> {
  let settings = toSettings(parseMeshConfig(head + (options.yaml ?? templates), 'test.yaml'));
  const timeoutMs = options.redisMs ?? 2000;
  const state = openState({ url: options.redisUrl, name: 'test', log: silentLog, timeoutMs });
  const keys = new RedisKeys();
  const near = new RedisNearStore(state, keys);
  const metrics = new Metrics('test');
  const { index, chroma } = await openNearIndex({
    state,
    keys,
    log: silentLog,
    metrics,
    chromaUrl: options.chromaUrl,
    settings: () => settings.cache.semantic,
    source: near,
  });
  const { registered, stop } = createCacheService({
    state,
    keys,
    near,
    index,
    embedder: options.embedder,
    metrics,
    log: options.log ?? silentLog,
    settings: () => settings,
    // No jitter unless a test wants it.
    random: options.random ?? (() => 0),
    ...(options.nowMs && { nowMs: options.nowMs }),
  });
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0, services: [registered] });
  const client = createGrpcClient(CacheService, `127.0.0.1:${server.port}`);
  await eventually(() => state.ready && index.ready, { timeoutMs: 30_000, what: 'redis and chroma' });
  return {
    client,
    state,
    keys,
    near,
    index,
    chroma,
    put: (tenant, question, text, rank = 3, init = {}) => {
      const chat = toChat(question);
      const classification = classifier.classify(chat);
      const answer = answerOf(text);
      return client.store(create(StoreRequestSchema, { tenant, chat, classification, rank, answer, ...init }));
    },
    get: (tenant, question, levels = [], init = {}) => {
      const chat = toChat(question);
      const classification = classifier.classify(chat);
      return client.lookup(create(Lookup, { tenant, chat, classification, levels, ...init }));
    },
    remove: async (tenant, selector, dryRun = false) => {
      const { removed } = await client.invalidate(create(InvalidateRequestSchema, { tenant, selector, dryRun }));
      return removed;
    },
    indexed: () =>
      eventually(async () => (await client.stats(create(StatsRequestSchema))).pendingIndexWrites === 0, {
        what: 'index writes',
      }),
    configure: (yaml) => {
      settings = toSettings(parseMeshConfig(head + yaml, 'test.yaml'));
    },
    stop: once(async () => {
      client.close();
      await server.drain(1000);
      await stop();
      await index.stop();
      state.close();
    }),
  };
}

/** A rig that its test has stopped is not stopped again after the last. */
function once(stop: () => Promise<void>): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

/** A chat that asks one question. */
export function chatOf(text: string, init: MessageInitShape<typeof ChatSchema> = {}): Chat {
  return create(ChatSchema, { model: 'auto', messages: [said(Role.USER, text)], ...init });
}

/** A message of one text. */
export function said(role: Role, text: string) {
  return { role, parts: [{ content: { case: 'text' as const, value: text } }] };
}

/** An answer as the router offers it. */
export function answerOf(text: string) {
  return {
    requestId: 'somebody-else',
    text,
    finishReason: FinishReason.STOP,
    usage: { promptTokens: 7, completionTokens: 3 },
    cost: { nanoUsd: 70n },
    provenance: { source: Source.PROVIDER, provider: 'p', model: 'm', reason: 'route:simple', attempts: 1 },
    createdAtMs: 1_700_000_000_000n,
  } satisfies MessageInitShape<typeof import('@refrain/contracts').AnswerSchema>;
}

/** Text and source of what was found, or the reason of the miss. */
export function summary({ answer, missReason }: LookupResponse): [string, Source] | string {
  return answer ? [answer.text, sourceOf(answer)] : missReason;
}

function sourceOf({ provenance }: Answer): Source {
  return provenance?.source ?? Source.UNSPECIFIED;
}

function toChat(question: string | Chat): Chat {
  return typeof question === 'string' ? chatOf(question) : question;
}
