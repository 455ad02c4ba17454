/**
 * Which collections there are, least recently used first, and which one has to go when there is no room. A collection costs Chroma
 * 2.6 MB and 4 file handles, so there are never more than a maximum; a partition that can be compared in process does not push out
 * one that is in use.
 */

/** A collection on the server. */
export interface Slot<C> {
  /** Absent until it is opened here; it may be from an earlier run, or another process'. */
  collection?: C;
  /** Whether it has been compared with Redis since it was opened. */
  filled: boolean;
  usedAtMs: number;
}

/** Idle longer than this, a collection makes room for any other. */
const idleMs = 60_000;
/** Idle longer than this, it makes room for one that cannot do without. */
const restingMs = 1000;

/** The collections of one server, by name. */
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
  touch(name: string): Slot<C> | undefined {
    const slot = this.#slots.get(name);
    if (!slot) return undefined;
    slot.usedAtMs = this.#nowMs();
    this.#slots.delete(name);
    this.#slots.set(name, slot);
    return slot;
  }

  has(name: string): boolean {
    return this.#slots.has(name);
  }

  /** Takes down which collections the server has: others are forgotten, new ones count as used now unless they are `outdated`. */
  sync(names: readonly string[], outdated: (name: string) => boolean): void {
    const present = new Set(names);
    for (const name of this.#slots.keys()) if (!present.has(name)) this.#slots.delete(name);
    for (const name of names) {
      if (this.#slots.has(name)) continue;
      this.#slots.set(name, { filled: false, usedAtMs: outdated(name) ? Number.NEGATIVE_INFINITY : this.#nowMs() });
    }
  }

  /** Puts an opened collection in; it still has to be filled. */
  open(name: string, collection: C): Slot<C> {
    const slot = { collection, filled: false, usedAtMs: this.#nowMs() };
    this.#slots.delete(name);
    this.#slots.set(name, slot);
    return slot;
  }

  forget(name: string): void {
    this.#slots.delete(name);
  }

  clear(): void {
    this.#slots.clear();
  }

  /** The one that makes room, if one may; `needy` is a partition too large to be compared in process. */
  evictable(needy: boolean): string | undefined {
    let oldest: [string, Slot<C>] | undefined;
    for (const each of this.#slots) if (!oldest || each[1].usedAtMs < oldest[1].usedAtMs) oldest = each;
    if (!oldest) return undefined;
    return this.#nowMs() - oldest[1].usedAtMs > (needy ? restingMs : idleMs) ? oldest[0] : undefined;
  }
}
