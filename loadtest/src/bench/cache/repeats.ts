/** What repeats costs nothing: identical questions at once, a stream in which most have been asked, hits, by one router and by two. */
import { create } from '@bufbuild/protobuf';
import { type Answer, CompleteRequestSchema, RouterService, Source } from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import { eventually, startProcess } from '@refrain/testkit';
import { missed } from '../case.ts';
import { type Round, runLoad, toRound } from '../load.ts';
import { prompt, toChat } from '../payload.ts';
import type { Result } from '../report.ts';
import { loadResults, toResult } from '../results.ts';
import { upstreamCalls } from '../upstream-calls.ts';
import { benchYaml, withRig } from './rig.ts';

type Router = GrpcClient<typeof RouterService>;

/** Two routers before one cache, and the upstream behind them. */
interface Mesh {
  readonly routers: readonly [Router, Router];
  readonly upstream: string;
}

/** Long enough for all of the identical questions to be under way. */
const upstreamDelayMs = 300;
const identical = 1000;
const streamRequests = 10_000;
const streamDistinct = 3000;
const newOfTen = 3;
const streamInFlight = 64;
const knownQuestions = 1000;
let asked = 5_000_000;

/** 1,000 identical questions at once, on one router and on two. */
export async function measureIdentical(rounds: number): Promise<Result[]> {
  return withMesh({ semantic: true, delayMs: upstreamDelayMs }, async (mesh) => {
    const [one] = mesh.routers;
    const cases = { identical_1000: [one], identical_1000_two_routers: mesh.routers };
    const results: Result[] = [];
    for (const [name, routers] of Object.entries(cases)) {
      const measured: Round[] = [];
      const calls: number[] = [];
      for (let round = 0; round <= rounds; round += 1) {
        const before = await upstreamCalls(mesh.upstream);
        const own = await askAtOnce(routers);
        if (round === 0) continue;
        measured.push(own);
        calls.push((await upstreamCalls(mesh.upstream)) - before);
      }
      results.push(...loadResults(name, measured), toResult(name, 'upstream_calls', '', calls));
    }
    return results;
  });
}

/** Exact hits through a router, and 10,000 requests of which seven in ten were asked before. */
export async function measureRepeats(options: { rounds: number; seconds: number }): Promise<Result[]> {
  return withMesh({ semantic: false, delayMs: 0 }, async (mesh) => [
    ...(await measureExact(mesh, options)),
    ...(await measureStream(mesh, options.rounds)),
  ]);
}

async function measureExact(
  { routers }: Mesh,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Result[]> {
  const [router] = routers;
  let next = 0;
  await inParallel(knownQuestions, streamInFlight, (i) => ask(router, prompt(i)));
  const results: Result[] = [];
  for (const [name, inFlight] of [
    ['exact_hit', 1],
    ['exact_hit_16', 16],
  ] as const) {
    const measured: Round[] = [];
    const call = async () => {
      const answer = await ask(router, prompt(next++ % knownQuestions));
      return answer.provenance?.source === Source.EXACT ? undefined : missed;
    };
    for (let round = 0; round <= rounds; round += 1) {
      const own = await runLoad(call, { inFlight, seconds, maximumCalls: 50_000 });
      if (round > 0) measured.push(own);
    }
    results.push(...loadResults(name, measured));
  }
  return results;
}

async function measureStream(mesh: Mesh, rounds: number): Promise<Result[]> {
  const name = 'repeats_10000';
  const measured: Round[] = [];
  const calls: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = await upstreamCalls(mesh.upstream);
    measured.push(await askStream(mesh));
    calls.push((await upstreamCalls(mesh.upstream)) - before);
  }
  const saved = calls.map((each) => 1 - each / streamRequests);
  return [
    ...loadResults(name, measured),
    toResult(name, 'upstream_calls', '', calls),
    toResult(name, 'upstream_calls_saved', '', saved),
  ];
}

async function askStream({ routers }: Mesh): Promise<Round> {
  const first = asked;
  asked += streamDistinct;
  const latencies: number[] = [];
  const startMs = performance.now();
  await inParallel(streamRequests, streamInFlight, async (i) => {
    const askedMs = performance.now();
    // Each three new questions are followed by seven that were asked before, at random distances.
    await ask(routers[i % 2] ?? routers[0], prompt(first + pick(i)));
    latencies.push(performance.now() - askedMs);
  });
  return toRound(latencies, performance.now() - startMs, 0);
}

/** Which question request `i` asks: three of ten are new, the others any of those before. */
function pick(i: number): number {
  const newSoFar = Math.floor(i / 10) * newOfTen + Math.min(i % 10, newOfTen);
  return i % 10 < newOfTen ? newSoFar : (Math.imul(i, 0x9e3779b1) >>> 0) % newSoFar;
}

async function askAtOnce(routers: readonly Router[]): Promise<Round> {
  const text = prompt(asked++);
  const latencies: number[] = [];
  const startMs = performance.now();
  const callers = Array.from({ length: identical }, async (_, i) => {
    const router = routers[i % routers.length];
    if (!router) throw new Error('there is no router');
    await ask(router, text);
    latencies.push(performance.now() - startMs);
  });
  await Promise.all(callers);
  return toRound(latencies, performance.now() - startMs, 0);
}

/** @throws Error where there is no answer, or one that is less than was asked for */
async function ask(router: Router, text: string): Promise<Answer> {
  const { answer } = await router.complete(create(CompleteRequestSchema, { chat: toChat(text) }));
  if (!answer || answer.provenance?.degraded) throw new Error('the mesh did not answer as it should');
  return answer;
}

async function inParallel(count: number, inFlight: number, each: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async () => {
    while (next < count) await each(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
}

async function withMesh<T>(
  { semantic, delayMs }: { semantic: boolean; delayMs: number },
  use: (mesh: Mesh) => Promise<T>,
): Promise<T> {
  const env = { UPSTREAM_DELAY_MS: String(delayMs) };
  const upstream = await startProcess({ entry: 'loadtest/src/bench/limits/upstream.main.ts', env });
  const url = upstream.ready.http ?? '';
  try {
    return await withRig({ yaml: benchYaml(url, semantic), nats: true }, async (rig) => {
      const cache = await rig.start('services/cache/src/main.ts');
      await rig.start('services/provider/src/main.ts', { REFRAIN_PROVIDERS: 'bench' });
      const startRouter = async () => {
        const { ready } = await rig.start('services/router/src/main.ts', { CACHE_ADDR: cache.ready.grpc ?? '' });
        return createGrpcClient(RouterService, ready.grpc ?? '');
      };
      const routers = [await startRouter(), await startRouter()] as const;
      try {
        await eventually(() => areReady(routers), { timeoutMs: 60_000, what: 'the mesh' });
        return await use({ routers, upstream: url });
      } finally {
        for (const router of routers) router.close();
      }
    });
  } finally {
    await upstream.stop();
  }
}

async function areReady(routers: readonly Router[]): Promise<boolean> {
  try {
    for (const router of routers) await ask(router, prompt(asked++));
    return true;
  } catch {
    // They answer by a template or not at all until the worker is there.
    return false;
  }
}
