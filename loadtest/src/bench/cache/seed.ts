/**
 * Fills one partition with any number of entries: through the cache's own store, by a cache process of its own on the same Redis, which is
 * given the vectors instead of computing them and has no index; the cache that is measured reads its index from Redis, as after a restart.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { type CacheService, FinishReason, Source, type StoreRequest, StoreRequestSchema } from '@refrain/contracts';
import { createLexicalClassifier } from '@refrain/judgement';
import type { GrpcClient } from '@refrain/rpc';
import { sampleText, toChat } from '../payload.ts';
import { entries, filler, type Stored, toRecord } from './corpus.ts';
import { type Rig, withCache } from './rig.ts';

/** Whose entries they are. */
export const tenant = 'bench';
/** As the router's by default. */
export const classifier = createLexicalClassifier({ simpleBelowCharacters: 100, complexWords: [] });

const inFlight = 32;
const maximumTries = 10;
const retryMs = 200;
const rank = 3;

/** Stores the first `size` entries of the corpus. @throws Error where one of them is not found by meaning, or lies in another partition */
export async function seed(
  rig: Rig,
  size: number,
  base: readonly Stored[],
  say: (line: string) => void,
): Promise<void> {
  await writeVectors(join(rig.folder, 'seed.vectors'), size, base);
  const seeder = await rig.start('services/cache/src/seed.main.ts', {
    REFRAIN_MODELS: rig.folder,
    CHROMA_URL: 'http://127.0.0.1:1',
  });
  try {
    await withCache(seeder, async (cache) => {
      const partitions = new Set<string>();
      let next = 0;
      const caller = async () => {
        while (next < size) {
          const n = next++;
          partitions.add(await put(cache, base[n]?.question ?? filler(n), n));
          if (n > 0 && n % 10_000 === 0) say(`${n} of ${size} entries stored`);
        }
      };
      await Promise.all(Array.from({ length: inFlight }, caller));
      if (partitions.size !== 1) throw new Error(`the entries lie in ${partitions.size} partitions instead of one`);
    });
  } finally {
    await seeder.stop();
  }
}

/** Stores an answer, again where a busy machine kept Redis from taking it in time; gives its partition. @throws Error where it never does */
async function put(cache: GrpcClient<typeof CacheService>, question: string, n: number): Promise<string> {
  let why = '';
  for (let attempt = 1; attempt <= maximumTries; attempt += 1) {
    const { entryId, refusedReason, exactOnlyReason } = await cache.store(toStore(question, n));
    why = refusedReason || exactOnlyReason;
    if (why === '') return entryId.split('.')[1] ?? '';
    await setTimeout(retryMs);
  }
  throw new Error(`"${question}" is not found by its meaning: ${why}`);
}

function toStore(question: string, n: number): StoreRequest {
  const chat = toChat(question);
  return create(StoreRequestSchema, {
    tenant,
    chat,
    classification: classifier.classify(chat),
    rank,
    answer: {
      text: `${n}. ${sampleText}`,
      finishReason: FinishReason.STOP,
      usage: { promptTokens: 20, completionTokens: 200 },
      cost: { nanoUsd: 1000n },
      provenance: { source: Source.PROVIDER, provider: 'bench', model: 'bench', reason: 'bench', attempts: 1 },
      createdAtMs: BigInt(Date.now()),
    },
  });
}

async function writeVectors(file: string, size: number, base: readonly Stored[]): Promise<void> {
  const stream = createWriteStream(file);
  for (const entry of entries(size, base)) {
    if (!stream.write(toRecord(entry))) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}
