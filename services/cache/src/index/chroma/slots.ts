/**
 * Which collections there are, least recently used first, and which one has to go when there is no room. A collection costs Chroma
 * 2.6 MB and 4 file handles, so there are never more than a maximum; a partition that can be compared in process does not push out
 * one that is in use.
 */

import type { Found } from './collection-names.ts';

/** A collection on the server. */
export interface Slot<C> {
  /** What it is called there. */
  readonly name: string;
  /** Absent until it is opened here; it may be from an earlier run, or another process'. */
  collection?: C;
  /** Whether it has been compared with Redis since it was opened. */
  filled: boolean;
  /** Vectors taken out of it here: Chroma only marks them. */
  removed: number;
  /** Queries in a row that the server could not answer. */
  broken: number;
  usedAtMs: number;
}

/** Idle longer than this, a collection makes room for any other. */
const idleMs = 60_000;
/** Idle longer than this, it makes room for one that cannot do without. */
const restingMs = 1000;

/** The collections of one server, by the key of their partition; those that count for none by their name. */
export class Slots<C> {
  readonly #slots: Map<string, Slot<C>> = new Map();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** The slot, marked as used now. */
  touch(key: string): Slot<C> | undefined {
    const slot = this.#slots.get(key);
    if (!slot) return undefined;
    slot.usedAtMs = this.#nowMs();
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot;
  }

  has(key: string): boolean {
    return this.#slots.has(key);
  }

  /** Takes down which collections the server has: others are forgotten, new ones count as used now unless they are outdated. */
  sync(found: readonly Found[]): void {
    const present = new Set(found.map(({ name }) => name));
    for (const [key, { name }] of this.#slots) if (!present.has(name)) this.#slots.delete(key);
    for (const { key, name, isOutdated } of found) {
      if (this.#slots.get(key)?.name === name) continue;
      const usedAtMs = isOutdated ? Number.NEGATIVE_INFINITY : this.#nowMs();
      this.#slots.set(key, { name, filled: false, removed: 0, broken: 0, usedAtMs });
    }
  }

  /** Puts an opened collection in; it still has to be filled. */
  open(key: string, name: string, collection: C): Slot<C> {
    const slot = { name, collection, filled: false, removed: 0, broken: 0, usedAtMs: this.#nowMs() };
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot;
  }

  /** It is as Redis has it, if it is still the one that counts. */
  fill(key: string, name: string): void {
    const slot = this.#slots.get(key);
    if (slot?.name === name) slot.filled = true;
  }

  /** Those opened here, by key and name. */
  opened(): [string, string][] {
    return [...this.#slots].flatMap(([key, { name, collection }]) =>
      collection ? [[key, name] as [string, string]] : [],
    );
  }

  /** With a name, only if it is still that one. */
  forget(key: string, name?: string): void {
    if (name === undefined || this.#slots.get(key)?.name === name) this.#slots.delete(key);
  }

  clear(): void {
    this.#slots.clear();
  }

  /** The one that makes room, if one may; `needy` is a partition too large to be compared in process. */
  evictable(needy: boolean): { readonly key: string; readonly name: string } | undefined {
    let oldest: [string, Slot<C>] | undefined;
    for (const each of this.#slots) if (!oldest || each[1].usedAtMs < oldest[1].usedAtMs) oldest = each;
    if (!oldest) return undefined;
    const [key, { name, usedAtMs }] = oldest;
    return this.#nowMs() - usedAtMs > (needy ? restingMs : idleMs) ? { key, name } : undefined;
  }
}
