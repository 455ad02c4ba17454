/** `bench -- cache`: what the cache costs and saves by itself. It starts what it needs for each part and ends it before the next. */

import { embeddedForm } from '@refrain/judgement';
import { type EmbedderLimit, startEmbedderLimit } from '../limits/embedder.ts';
import { type Round, runLoad } from '../load.ts';
import { prompt } from '../payload.ts';
import type { Result } from '../report.ts';
import { loadResults } from '../results.ts';
import type { Outcomes } from '../run.ts';
import type { Stored } from './corpus.ts';
import { baseTexts } from './corpus.ts';
import { measureLookups, ratiosToSmallest } from './lookups.ts';
import { measureIdentical, measureRepeats } from './repeats.ts';

/** How a run goes. */
export interface CacheSuiteOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

const sizes = [1000, 10_000, 100_000];
const unasked = 7_000_000;

/** Runs all of it; the parts follow each other, for each of them would take the processors of the others. A part that fails is named, the others count. */
export async function runCacheSuite(options: CacheSuiteOptions): Promise<Outcomes> {
  const { say } = options;
  say('embedding the questions that are looked up');
  const { base, embedding } = await withEmbedder(async (embedder) => ({
    base: await embedAll(embedder, baseTexts()),
    embedding: await measureEmbedding(embedder, options),
  }));
  const lookups = (size: number) => () => measureLookups({ ...options, base, size });
  const parts: readonly (readonly [string, () => Promise<Result[]>])[] = [
    ['exact hits, and a stream that repeats', () => measureRepeats(options)],
    ...sizes.map((size) => [`lookups in ${size} entries`, lookups(size)] as const),
    ['identical questions at once', () => measureIdentical(options.rounds)],
  ];
  const results: Result[] = [];
  const failed: string[] = [];
  for (const [name, measure] of parts) {
    say(name);
    try {
      results.push(...(await measure()));
    } catch (error) {
      say(`${name}: ${(error as Error).message}`);
      failed.push(name);
    }
  }
  return { results: [...results, ...ratiosToSmallest(results, sizes), ...embedding], failed };
}

async function withEmbedder<T>(use: (embedder: EmbedderLimit) => Promise<T>): Promise<T> {
  const embedder = await startEmbedderLimit();
  try {
    return await use(embedder);
  } finally {
    await embedder.stop();
  }
}

function embedAll(embedder: EmbedderLimit, texts: readonly string[]): Promise<Stored[]> {
  return Promise.all(
    texts.map(async (question) => ({ question, vector: await embedder.embed(embeddedForm(question)) })),
  );
}

/** What a vector costs: the part of a lookup that the others leave out. */
async function measureEmbedding(embedder: EmbedderLimit, { rounds, seconds }: CacheSuiteOptions): Promise<Result[]> {
  let next = unasked;
  const results: Result[] = [];
  for (const [name, inFlight] of [
    ['embedding', 1],
    ['embedding_16', 16],
  ] as const) {
    const measured: Round[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const call = async () => void (await embedder.embed(embeddedForm(prompt(next++))));
      const own = await runLoad(call, { inFlight, seconds, maximumCalls: 50_000 });
      if (round > 0) measured.push(own);
    }
    results.push(...loadResults(name, measured));
  }
  return results;
}
