/**
 * Takes out of Chroma what was removed from Redis. The vectors of an erased question are personal as the question was: they go in any case,
 * at once where Chroma answers, else as soon as it does again, by whichever cache is there then. Every cache works the list off, each second
 * and after a removal of its own; two at the same time do the same twice, which harms nobody.
 */
import type { Logger } from '@refrain/service';
import type { NearSource } from '../near-index.ts';
import { type ChromaServer, isBroken, isGone } from './chroma-server.ts';
import { family, isOfPartition } from './collection-names.ts';
import { put } from './fill.ts';
import type { Generations } from './generations.ts';
import type { Listed, RemovalList } from './removal-list.ts';

/** What it stands on. */
export interface UnindexerOptions {
  readonly server: ChromaServer;
  readonly isReady: () => boolean;
  readonly list: RemovalList;
  readonly generations: Pick<Generations, 'forget'>;
  /** Reads partitions of the tenant whose keys begin so. */
  readonly sourceUnder: (prefix: string) => NearSource;
  readonly log: Logger;
}

interface Group {
  readonly prefix: string;
  readonly key: string;
  readonly listed: Listed[];
}

const lookEveryMs = 1000;
/** Read and taken out at once: what Chroma is given in one call. */
const pageMembers = 100;
/** What is listed and still in Redis is just being removed, or was stored again: after so long, the latter. */
const removingMs = 60_000;

/** Works the list off until it is stopped. */
export class Unindexer {
  readonly #options: UnindexerOptions;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #length = 0;
  #failing = false;
  #stopped = false;

  constructor(options: UnindexerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.workOff(), lookEveryMs).unref();
  }

  /** What all caches together have still to take out, as Redis told last. */
  get length(): number {
    return this.#length;
  }

  /** Takes out what is listed by now, as far as that goes. Never throws. */
  async workOff(): Promise<void> {
    // A round that is under way may have passed what was listed last.
    await this.#running;
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** Begins nothing new, and resolves when the page at hand is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #round(): Promise<void> {
    const { list, log, isReady } = this.#options;
    try {
      this.#length = await list.length();
      if (this.#length === 0 || !isReady()) return;
      let after: string | undefined;
      while (!this.#stopped) {
        const page = await list.read(after, pageMembers);
        if (page.length === 0) break;
        await this.#takeOut(page);
        after = page.at(-1)?.member;
      }
      this.#length = await list.length();
      this.#failing = false;
    } catch (err) {
      // Redis or Chroma is away again: all of it is still on the list. Said once, not each second.
      if (!this.#failing) log.warn({ err }, 'what was removed could not be taken out of the index yet');
      this.#failing = true;
    }
  }

  async #takeOut(page: readonly Listed[]): Promise<void> {
    const { list, generations, server } = this.#options;
    const groups = byPartition(page);
    const ready: { group: Group; ids: string[] }[] = [];
    for (const group of groups) ready.push({ group, ids: await this.#goneOf(group) });
    for (const { group } of ready) if (isWhole(group)) await generations.forget(group.key);
    // After that look: what Redis had no more then is in no collection that is made from now on.
    const names = await server.list(family);
    for (const { group, ids } of ready) {
      const collections = names.filter((each) => isOfPartition(each, group.key));
      if (!(await this.#takeOutOf(collections, group, ids))) continue;
      await list.strike(group.listed.filter(({ id, listedAtMs }) => isDone(id, ids, listedAtMs)));
    }
  }

  /** False where a collection cannot be used: it stays listed until that is rebuilt, and holds up no other. */
  async #takeOutOf(collections: readonly string[], group: Group, ids: readonly string[]): Promise<boolean> {
    const { server, log } = this.#options;
    try {
      for (const name of collections) {
        if (isWhole(group)) await ignoreGone(server.delete(name));
        else if (ids.length > 0) await ignoreGone(this.#removeFrom(name, group, ids));
      }
      return true;
    } catch (err) {
      if (!isBroken(err)) throw err;
      log.debug({ err, partition: group.key }, 'nothing can be taken out of an index collection');
      return false;
    }
  }

  /** Those of its ids that Redis has no more. */
  async #goneOf({ prefix, key, listed }: Group): Promise<string[]> {
    const ids = [...new Set(listed.flatMap(({ id }) => id ?? []))];
    const there = await this.#options.sourceUnder(prefix).present({ tenant: '', key }, ids);
    return ids.filter((id) => !there.has(id));
  }

  async #removeFrom(name: string, { prefix, key }: Group, ids: readonly string[]): Promise<void> {
    const { server, sourceUnder } = this.#options;
    const collection = await server.find(name);
    await collection.remove(ids);
    const source = sourceUnder(prefix);
    const partition = { tenant: '', key };
    // Stored again in that very moment.
    const back = await source.present(partition, ids);
    if (back.size > 0) await put(collection, partition, await source.vectors(partition, [...back]), source);
  }
}

function byPartition(page: readonly Listed[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const listed of page) {
    const { prefix, key } = listed;
    const group = groups.get(key) ?? { prefix, key, listed: [] };
    group.listed.push(listed);
    groups.set(key, group);
  }
  return groups.values();
}

function isWhole({ listed }: Group): boolean {
  return listed.some(({ id }) => id === undefined);
}

function isDone(id: string | undefined, gone: readonly string[], listedAtMs: number): boolean {
  return id === undefined || gone.includes(id) || Date.now() - listedAtMs > removingMs;
}

/** A collection that is not there holds nothing. */
async function ignoreGone(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (err) {
    if (!isGone(err)) throw err;
  }
}
