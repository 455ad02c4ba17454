/** What is measured: each limit and each path of the mesh, as a call that asserts where its answer came from. */
import { create } from '@bufbuild/protobuf';
import {
  type Answer,
  CacheService,
  CompleteRequestSchema,
  Level,
  LookupRequestSchema,
  RouterService,
  Source,
  StatsRequestSchema,
} from '@refrain/contracts';
import { createGrpcClient } from '@refrain/rpc';
import { eventually } from '@refrain/testkit';
import { post, postForFirstChunk } from './http-client.ts';
import { callBare } from './limits/bare-grpc.ts';
import type { BenchMesh } from './mesh.ts';
import { paraphrase, prompt, toChat } from './payload.ts';

/** One thing that is measured. */
export interface Case {
  readonly name: string;
  /** The case its ratio is taken against. */
  readonly limit?: string;
  /** Brings the mesh into the state the case asks for; not timed. */
  prepare?(): Promise<void>;
  /** Asks once; may give its own latency in milliseconds. */
  call(): Promise<number | undefined>;
  /** Waits until what the calls left behind (stores, index writes) is done; belongs to the timed work of a miss. */
  drain?(): Promise<void>;
}

/** How many distinct questions the hits are spread over. */
const distinctKeys = 1000;

/** All cases, limits first. */
export function createCases(mesh: BenchMesh): { cases: Case[]; close(): void } {
  const plain = createGrpcClient(RouterService, mesh.plain.grpc);
  const semantic = createGrpcClient(RouterService, mesh.semantic.grpc);
  const plainCache = createGrpcClient(CacheService, mesh.plain.cache);
  const semanticCache = createGrpcClient(CacheService, mesh.semantic.cache);
  const echo = callBare(RouterService.method.complete, mesh.echo);
  const relay = callBare(RouterService.method.complete, mesh.relay);

  const request = (text: string) => create(CompleteRequestSchema, { chat: toChat(text) });
  const body = (text: string, stream = false) =>
    JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: text }], ...(stream && { stream: true }) });
  let next = 0;
  const cycle = () => prompt(next++ % distinctKeys);
  let unseen = 1_000_000;
  const fresh = () => prompt(unseen++);
  let variant = 0;

  const seed = async (router: typeof plain, cache: typeof plainCache) => {
    for (let from = 0; from < distinctKeys; from += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => router.complete(request(prompt(from + i)))));
    }
    await settled(cache, distinctKeys);
  };
  const ask = async (router: typeof plain, text: string, source: Source) => {
    const { answer } = await router.complete(request(text));
    expectSource(answer, source);
  };
  const askHttp = async (url: string, text: string, source: string) => {
    const { headers } = await post(`${url}/v1/chat/completions`, body(text));
    if (headers['x-refrain-source'] !== source)
      throw new Error(`expected ${source}, got ${headers['x-refrain-source']}`);
  };
  const drain = (cache: typeof plainCache) => async () => {
    await settled(cache, 0);
  };

  const cases: Case[] = [
    { name: 'grpc_echo', call: async () => void (await echo(request(cycle()))) },
    { name: 'grpc_two_hops', call: async () => void (await relay(request(cycle()))) },
    { name: 'http_proxy', call: async () => void (await post(`${mesh.proxy}/v1/chat/completions`, body(fresh()))) },
    {
      name: 'http_proxy_first_chunk',
      call: () => postForFirstChunk(`${mesh.proxy}/v1/chat/completions`, body(fresh(), true)),
    },
    {
      name: 'exact_hit',
      limit: 'grpc_two_hops',
      prepare: () => seed(plain, plainCache),
      call: () => ask(plain, cycle(), Source.EXACT),
    },
    {
      name: 'http_exact_hit',
      limit: 'grpc_two_hops',
      prepare: () => seed(plain, plainCache),
      call: () => askHttp(mesh.plain.http, cycle(), 'exact'),
    },
    { name: 'miss', limit: 'http_proxy', call: () => ask(plain, fresh(), Source.PROVIDER), drain: drain(plainCache) },
    {
      name: 'http_miss',
      limit: 'http_proxy',
      call: () => askHttp(mesh.plain.http, fresh(), 'provider'),
      drain: drain(plainCache),
    },
    {
      name: 'stream_first_chunk',
      limit: 'http_proxy_first_chunk',
      call: () => postForFirstChunk(`${mesh.plain.http}/v1/chat/completions`, body(fresh(), true)),
      drain: drain(plainCache),
    },
    {
      name: 'embedder',
      // The least a lookup by meaning costs: the same cache service asked about a tenant that has nothing stored.
      call: async () => {
        const chat = toChat(fresh());
        await semanticCache.lookup(create(LookupRequestSchema, { tenant: 'nobody', chat, levels: [Level.SEMANTIC] }));
      },
    },
    {
      name: 'semantic_hit',
      limit: 'embedder',
      prepare: () => seed(semantic, semanticCache),
      call: () => ask(semantic, paraphrase(next++ % distinctKeys, variant++), Source.SEMANTIC),
    },
    {
      name: 'miss_semantic',
      limit: 'embedder',
      call: () => ask(semantic, fresh(), Source.PROVIDER),
      drain: drain(semanticCache),
    },
    {
      name: 'http_miss_semantic',
      limit: 'embedder',
      call: () => askHttp(mesh.semantic.http, fresh(), 'provider'),
      drain: drain(semanticCache),
    },
  ];
  return {
    cases,
    close: () => {
      for (const client of [plain, semantic, plainCache, semanticCache]) client.close();
    },
  };
}

async function settled(
  cache: {
    stats(
      request: ReturnType<typeof create<typeof StatsRequestSchema>>,
    ): Promise<{ stores: bigint; pendingIndexWrites: number }>;
  },
  stores: number,
) {
  await eventually(
    async () => {
      const stats = await cache.stats(create(StatsRequestSchema));
      return Number(stats.stores) >= stores && stats.pendingIndexWrites === 0;
    },
    { timeoutMs: 60_000, what: 'the cache to have written what it was given' },
  );
}

function expectSource(answer: Answer | undefined, source: Source): void {
  const got = answer?.provenance?.source;
  if (got !== source)
    throw new Error(`expected source ${source}, got ${got ?? 'nothing'} (numbers of refrain.common.v1.Source)`);
}
