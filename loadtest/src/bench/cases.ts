/** What is measured: each limit and each path of the mesh, as a call that asserts where its answer came from. */
import { create } from '@bufbuild/protobuf';
import { CacheMode, CacheService, CompleteRequestSchema, RouterService, Source } from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import { followWrites, growth, missingMeanings, missReasons } from './cache-counts.ts';
import { type Case, missed, timed } from './case.ts';
import { post, postForFirstChunk } from './http-client.ts';
import type { BenchMesh } from './mesh.ts';
import { prompt, toChat } from './payload.ts';
import { createQuestions, distinctKeys } from './questions.ts';

type Router = GrpcClient<typeof RouterService>;
type Cache = GrpcClient<typeof CacheService>;

/** All cases, limits first. */
export function createCases(mesh: BenchMesh): { cases: Case[]; close(): void } {
  const routers = [mesh.echo, mesh.relay, mesh.plain.grpc, mesh.semantic.grpc].map((address) =>
    createGrpcClient(RouterService, address),
  ) as [Router, Router, Router, Router];
  const caches = [mesh.plain.cache, mesh.semantic.cache].map((address) => createGrpcClient(CacheService, address)) as [
    Cache,
    Cache,
  ];
  const [echo, relay, plain, semantic] = routers;
  const [plainCache, semanticCache] = caches;
  const { known, reworded, fresh } = createQuestions();
  const chatUrl = (base: string) => `${base}/v1/chat/completions`;
  const seedPlain = once(() => seed(plain, plainCache));
  const seedSemantic = once(() => seed(semantic, semanticCache));
  const plainWrites = () => followWrites(plainCache);
  const semanticWrites = () => followWrites(semanticCache);
  const miss = { upstreamCalls: 1, writes: plainWrites } as const;
  const missSemantic = { limit: 'embedder', upstreamCalls: 1, writes: semanticWrites } as const;
  // A stall of a shared machine is longer than a deadline of the cache now and then, and takes all that is in flight along.
  const plainReasons = { maximumMissed: 0.01, reasons: () => missReasons(plainCache) };
  const hit = { limit: 'grpc_two_hops', upstreamCalls: 0, ...plainReasons, prepare: seedPlain } as const;

  const cases: Case[] = [
    { name: 'grpc_echo', call: timed(() => complete(echo, known(), Source.EXACT)) },
    { name: 'grpc_two_hops', call: timed(() => complete(relay, known(), Source.EXACT)) },
    { name: 'http_proxy', upstreamCalls: 1, call: timed(() => post(chatUrl(mesh.proxy), body(fresh()))) },
    {
      name: 'http_proxy_first_chunk',
      upstreamCalls: 1,
      call: async () => (await postForFirstChunk(chatUrl(mesh.proxy), body(fresh(), true))).milliseconds,
    },
    { name: 'embedder', call: timed(() => mesh.embedder.embed(fresh())) },
    { name: 'exact_hit', ...hit, call: timed(() => complete(plain, known(), Source.EXACT)) },
    { name: 'http_exact_hit', ...hit, call: timed(() => completeHttp(mesh.plain.http, known(), 'exact')) },
    { name: 'miss', limit: 'http_proxy', ...miss, call: timed(() => complete(plain, fresh(), Source.PROVIDER)) },
    {
      name: 'http_miss',
      limit: 'http_proxy',
      ...miss,
      call: timed(() => completeHttp(mesh.plain.http, fresh(), 'provider')),
    },
    {
      name: 'stream_first_chunk',
      limit: 'http_proxy_first_chunk',
      ...miss,
      call: async () => {
        const { milliseconds, headers } = await postForFirstChunk(chatUrl(mesh.plain.http), body(fresh(), true));
        const source = headers['x-refrain-source'];
        return source === 'provider' ? milliseconds : unexpected('provider', source, false);
      },
    },
    {
      name: 'semantic_hit',
      limit: 'embedder',
      upstreamCalls: 0,
      maximumMissed: 0.05,
      reasons: () => missReasons(semanticCache),
      prepare: seedSemantic,
      call: timed(() => complete(semantic, reworded(), Source.SEMANTIC)),
    },
    { name: 'miss_semantic', ...missSemantic, call: timed(() => complete(semantic, fresh(), Source.PROVIDER)) },
    {
      name: 'http_miss_semantic',
      ...missSemantic,
      call: timed(() => completeHttp(mesh.semantic.http, fresh(), 'provider')),
    },
  ];
  const close = () => {
    for (const client of [...routers, ...caches]) client.close();
  };
  return { cases, close };
}

async function complete(router: Router, text: string, source: Source): Promise<unknown> {
  const { answer } = await router.complete(create(CompleteRequestSchema, { chat: toChat(text) }));
  const got = answer?.provenance?.source;
  return got === source ? undefined : unexpected(source, got, got === Source.PROVIDER);
}

async function completeHttp(base: string, text: string, source: string): Promise<unknown> {
  const { headers } = await post(`${base}/v1/chat/completions`, body(text));
  const got = headers['x-refrain-source'];
  return got === source ? undefined : unexpected(source, got, got === 'provider');
}

function body(text: string, stream = false): string {
  return JSON.stringify({
    model: 'auto',
    messages: [{ role: 'user', content: text }],
    ...(stream && { stream: true }),
  });
}

/** Questions seeded at once; more would be stored faster than they can be embedded. */
const seedChunk = 50;

const maximumPasses = 3;

/** Has every known question answered and stored, and again where a busy machine left some of them without their meaning. */
async function seed(router: Router, cache: Cache): Promise<void> {
  for (let pass = 1; ; pass += 1) {
    const missingBefore = await missingMeanings(cache);
    for (let from = 0; from < distinctKeys; from += seedChunk) {
      const written = await followWrites(cache);
      await Promise.all(Array.from({ length: seedChunk }, (_, i) => refresh(router, prompt(from + i))));
      await written(seedChunk);
    }
    const missing = growth(missingBefore, await missingMeanings(cache));
    if (missing === '') return;
    if (pass === maximumPasses) throw new Error(`prepared answers were not stored by their meaning: ${missing}`);
  }
}

async function refresh(router: Router, text: string): Promise<void> {
  const options = { cache: CacheMode.REFRESH };
  const { answer } = await router.complete(create(CompleteRequestSchema, { chat: toChat(text), options }));
  const source = answer?.provenance?.source;
  if (source !== Source.PROVIDER) unexpected(Source.PROVIDER, source, false);
}

function once(prepare: () => Promise<void>): () => Promise<void> {
  let prepared: Promise<void> | undefined;
  return () => {
    prepared ??= prepare();
    return prepared;
  };
}

/** A provider's answer instead of a hit is a miss, which is counted; anything else a fault. */
function unexpected(expected: unknown, got: unknown, byProvider: boolean): typeof missed {
  if (byProvider) return missed;
  const nameOf = (source: unknown) => Object.entries(Source).find(([, number]) => number === source)?.[0] ?? source;
  throw new Error(`expected an answer from ${nameOf(expected)}, got one from ${nameOf(got) ?? 'nowhere'}`);
}
