import type { Group, Stamped } from './redis-keys.ts';

/** An answer to be kept, and the names it is found and removed by. */
export interface Kept {
  readonly tenant: string;
  readonly id: string;
  readonly partition: string;
  /** What `toStoredHit` made of it. */
  readonly hit: Uint8Array;
  readonly rank: number;
  /** For a filled template, the hash of its definition. */
  readonly template?: string;
  readonly tags: readonly string[];
  /** "<provider>/<model>" that answered. */
  readonly model: string;
  /** When the question was asked, in Unix milliseconds: what was invalidated since then is not kept. */
  readonly askedAtMs: number;
}

/** The groups an entry can be removed with. */
export function groupsOf({ partition, model, tags }: Pick<Kept, 'partition' | 'model' | 'tags'>): Group[] {
  return [
    { kind: 'partition', value: partition },
    { kind: 'model', value: model },
    ...tags.map((value) => ({ kind: 'tag' as const, value })),
  ];
}

/** Whose invalidation keeps an answer out that was asked for before it. */
export function stampedOf(kept: Kept): Stamped[] {
  return [{ kind: 'tenant' }, { kind: 'entry', value: kept.id }, ...groupsOf(kept)];
}
