/**
 * Lookups by meaning at the cache's own door, in one partition of 1,000, 10,000 and 100,000 entries. The embedder remembers the questions
 * that are asked, so that a lookup's time is that of everything else: gRPC, index, Redis, verifier. What embedding adds is measured apart,
 * by questions nobody has asked.
 */
import { create } from '@bufbuild/protobuf';
import {
  type CacheService,
  Level,
  LookupRequestSchema,
  type LookupResponse,
  Source,
  StatsRequestSchema,
} from '@refrain/contracts';
import type { GrpcClient } from '@refrain/rpc';
import { eventually } from '@refrain/testkit';
import { missed, type Outcome } from '../case.ts';
import { type Round, runLoad } from '../load.ts';
import { prompt, toChat } from '../payload.ts';
import type { Result } from '../report.ts';
import { loadResults } from '../results.ts';
import { hits, misses, type Stored } from './corpus.ts';
import { readIndexUse } from './index-use.ts';
import { processMegabytes, redisMegabytes } from './memory.ts';
import { benchYaml, type Rig, withCache, withRig } from './rig.ts';
import { classifier, seed, tenant } from './seed.ts';

type Cache = GrpcClient<typeof CacheService>;

/** How a run goes. */
export interface LookupOptions {
  readonly size: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly base: readonly Stored[];
  readonly say: (line: string) => void;
}

/** What a partition's size came to. */
interface Measured {
  /** By case. */
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
  /** Beside latencies and throughput. */
  readonly more: readonly Result[];
}

/** Questions to ask in turn. */
type Next = () => { text: string; isHit: boolean };

const inFlights = [1, 16];
const maximumCalls = 20_000;
/** A collection of 100,000 takes Chroma minutes to fill. */
const readyMs = 900_000;
/** The verifier may refuse some of the questions that have an answer; the others are asked. */
const leastUsable = 0.8;
/** A stall of a shared machine may be longer than a deadline of the cache; a load that loses more is measured again. */
const maximumMissed = 0.02;
const maximumTries = 3;
const unasked = 3_000_000;
/** Misses that say that a part was away or late, not that there is no answer. */
const faults = /^(?:.*_(?:down|busy|slow|refused)|no_model|index_not_ready|deadline|disabled|empty|break_even)$/;

/** The figures of one size. */
export async function measureLookups(options: LookupOptions): Promise<Result[]> {
  const yaml = benchYaml('http://127.0.0.1:1');
  const { rounds, more } = await withRig({ yaml, chroma: true }, (rig) => measureSize(rig, options));
  return [...[...rounds].flatMap(([name, own]) => loadResults(name, own)), ...more];
}

/** How much longer the slowest of a hundred lookups takes than in the smallest partition, by size. */
export function ratiosToSmallest(results: readonly Result[], sizes: readonly number[]): Result[] {
  const p99 = (size: number) =>
    results.find((each) => each.case === nameOf('lookup', size, 1) && each.metric === 'p99')?.value;
  const [smallest = 0] = sizes;
  const first = p99(smallest);
  return sizes.flatMap((size) => {
    const own = p99(size);
    if (own === undefined || first === undefined) return [];
    return [{ case: nameOf('lookup', size, 1), metric: `ratio_to_${smallest}`, value: own / first, unit: '' }];
  });
}

/** One in flight has the plain name. */
function nameOf(kind: string, size: number, inFlight: number): string {
  return `semantic_${kind}_${size}${inFlight === 1 ? '' : `_${inFlight}`}`;
}

async function measureSize(rig: Rig, options: LookupOptions): Promise<Measured> {
  const { size, base, say } = options;
  await seed(rig, size, base, say);
  const process = await rig.start('services/cache/src/main.ts');
  return withCache(process, async (cache) => {
    const startMs = performance.now();
    await untilReady(cache);
    const readySeconds = (performance.now() - startMs) / 1000;
    say(`${size} entries: the index is ready after ${readySeconds.toFixed(0)} s`);
    const known = await findKnown(cache);
    const before = await readIndexUse(process);
    const rounds = await measureRounds(cache, known, options);
    const after = await readIndexUse(process);
    const figure = (metric: string, unit: string, value: number): Result => ({
      case: nameOf('lookup', size, 1),
      metric,
      value,
      unit,
    });
    const more = [
      figure('hot_share', '', (after.hot - before.hot) / (after.all - before.all)),
      figure('index_ready', 's', readySeconds),
      figure('cache_memory', 'MB', processMegabytes(process.pid)),
      figure('redis_memory', 'MB', await redisMegabytes(rig.redis)),
    ];
    return { rounds, more };
  });
}

/** Waits until the model is loaded and the index has read in all of the partition. */
async function untilReady(cache: Cache): Promise<void> {
  const isReady = async () => {
    const { missReason } = await lookup(cache, prompt(0));
    const { pendingIndexWrites, semanticReady } = await cache.stats(create(StatsRequestSchema));
    return missReason === '' && semanticReady && pendingIndexWrites === 0;
  };
  await eventually(isReady, { timeoutMs: readyMs, what: 'the index' });
}

/** The questions that are hits and those that are misses, each embedded once. @throws Error where too few of them are what they should be */
async function findKnown(cache: Cache): Promise<{ hit: string[]; miss: string[] }> {
  const known = { hit: [] as string[], miss: [] as string[] };
  for (const [kind, texts, isHit] of [
    ['hit', hits(), true],
    ['miss', misses(), false],
  ] as const) {
    for (const text of texts) {
      if (isRight(await lookup(cache, text), isHit)) known[kind].push(text);
    }
    if (known[kind].length < texts.length * leastUsable)
      throw new Error(`of ${texts.length} questions only ${known[kind].length} are each a ${kind}`);
  }
  return known;
}

/** Every kind at every number in flight; the new questions last, for they take the place of the others in the embedder's memory. */
async function measureRounds(
  cache: Cache,
  known: { hit: string[]; miss: string[] },
  options: LookupOptions,
): Promise<Map<string, Round[]>> {
  const hit = inTurn(known.hit.map((text) => ({ text, isHit: true })));
  const miss = inTurn(known.miss.map((text) => ({ text, isHit: false })));
  let count = 0;
  const lookup = () => (count++ % 2 === 0 ? hit() : miss());
  const fresh = () => ({ text: prompt(unasked + count++), isHit: false });
  const measured = await measureKinds(cache, { lookup, hit, miss }, options);
  for (const [name, rounds] of await measureKinds(cache, { fresh }, options)) measured.set(name, rounds);
  return measured;
}

/** Interleaved rounds of each kind; round 0 warms up. What could not be measured is left out, and said. */
async function measureKinds(
  cache: Cache,
  kinds: Readonly<Record<string, Next>>,
  { size, rounds, seconds, say }: LookupOptions,
): Promise<Map<string, Round[]>> {
  const measured = new Map<string, Round[]>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const [kind, next] of Object.entries(kinds)) {
      for (const inFlight of inFlights) {
        const name = nameOf(kind, size, inFlight);
        const own = await persist(
          name,
          () => runLoad(() => ask(cache, next()), { inFlight, seconds, maximumCalls }),
          say,
        );
        if (round > 0 && own) measured.set(name, [...(measured.get(name) ?? []), own]);
      }
    }
    const what = Object.keys(kinds).join(', ');
    say(`${size} entries: ${what} ${round === 0 ? 'warmed up' : `round ${round} of ${rounds}`}`);
  }
  return measured;
}

/** A load, done again where too much of it was not what it should be; undefined where it never was. */
async function persist(
  name: string,
  load: () => Promise<Round>,
  say: (line: string) => void,
): Promise<Round | undefined> {
  for (let attempt = 1; attempt <= maximumTries; attempt += 1) {
    const round = await load();
    const { count, missed } = round;
    if (missed <= (count + missed) * maximumMissed) return round;
    say(`${name}: ${missed} of ${count + missed} calls were not what they should be (${attempt} of ${maximumTries})`);
  }
  return undefined;
}

async function ask(cache: Cache, { text, isHit }: ReturnType<Next>): Promise<Outcome> {
  const startMs = performance.now();
  return isRight(await lookup(cache, text), isHit) ? performance.now() - startMs : missed;
}

function isRight({ answer, missReason }: LookupResponse, isHit: boolean): boolean {
  return isHit ? answer?.provenance?.source === Source.SEMANTIC : !answer && !faults.test(missReason);
}

function lookup(cache: Cache, text: string) {
  const chat = toChat(text);
  const classification = classifier.classify(chat);
  return cache.lookup(create(LookupRequestSchema, { tenant, chat, classification, levels: [Level.SEMANTIC] }));
}

function inTurn<T>(all: readonly T[]): () => T {
  let next = 0;
  return () => {
    const each = all[next++ % all.length];
    if (each === undefined) throw new Error('there is nothing to ask');
    return each;
  };
}
