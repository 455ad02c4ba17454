/** What collections are called: our family, the embedding their vectors are of, a generation, the partition. */
import { createHash } from 'node:crypto';
import { embeddingFingerprint } from '../../embedder/model.ts';
import type { Generation } from './generations.ts';

/** What all of ours begin with, of whatever embedding. */
export const family = 'refrain-';
const fingerprint = createHash('sha256').update(embeddingFingerprint).digest('hex').slice(0, 8);
/** The collection that shows whether the server finds what it should; not of the family, so that it takes no room. */
export const canaryName: string = `refrain_canary-${fingerprint}`;

/** A generation of a partition's collection. */
export function nameOf(key: string, generation: number): string {
  return `${family}${fingerprint}-g${generation}-${key}`;
}

/** Whether a collection is of a partition, whichever generation and embedding. */
export function isOfPartition(name: string, key: string): boolean {
  return name.startsWith(family) && name.endsWith(`-${key}`);
}

/** A collection on the server: the partition it counts for, or, where it counts for none any more, itself. */
export interface Found {
  readonly key: string;
  readonly name: string;
  readonly isOutdated: boolean;
}

/** Sorts the server's collections; one of a later generation than counts is being built, and left out. */
export function sortNames(names: readonly string[], generations: ReadonlyMap<string, Generation>): Found[] {
  return names.flatMap((name): Found[] => {
    const [, print, number, key = ''] = /^refrain-([0-9a-f]{8})-g(\d+)-(.+)$/.exec(name) ?? [];
    const counts = print === fingerprint ? generations.get(key)?.number : undefined;
    if (counts === undefined || Number(number) < counts) return [{ key: name, name, isOutdated: true }];
    return Number(number) === counts ? [{ key, name, isOutdated: false }] : [];
  });
}
