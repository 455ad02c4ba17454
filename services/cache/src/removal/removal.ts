/** Takes entries out, with all that hangs on them: both halves, aliases, places in lists, vectors in the index. */
import type { Script, State } from '@refrain/state';
import type { Aliases } from '../entries/aliases.ts';
import { groupsOf } from '../entries/kept.ts';
import type { RedisNearStore } from '../entries/near-store.ts';
import { readEntry } from '../entries/read-entry.ts';
import { fromEntryId, type Group, type RedisKeys } from '../entries/redis-keys.ts';
import { Generations } from '../index/chroma/generations.ts';
import type { NearIndex } from '../index/near-index.ts';
import { patiently } from './patiently.ts';

/** What a removal stands on. */
export interface RemovalParts {
  readonly state: State;
  readonly keys: RedisKeys;
  readonly near: RedisNearStore;
  readonly index: NearIndex;
  readonly aliases: Aliases;
}

interface Named {
  readonly name: string;
  readonly id: string;
  readonly partition: string;
}

/** What is known of entries that are to be removed. */
interface Looked {
  /** Every list that one of them is on. */
  readonly lists: ReadonlySet<string>;
  /** Those that the tenant has: what it has not may be another's, and stays in the index. */
  readonly there: readonly Named[];
}

/** Entries removed at once: with answers of a few KB, reading them stays far below the time a command may take. */
const pageEntries = 100;
/** Names read at once: 65 KB. */
const pageNames = 1000;
/**
 * Entries and their places in all lists at once: one that is stored again meanwhile is whole, or gone. Gives how many were there.
 * KEYS: of each entry its two halves, of each its partition's list, then other lists. ARGV: how many, their ids, their names.
 */
const removeEntries: Script = {
  name: 'refrainRemoveEntries',
  lua: `
local count, removed = tonumber(ARGV[1]), 0
for i = 1, count do
  if redis.call('UNLINK', KEYS[2 * i - 1], KEYS[2 * i]) > 0 then removed = removed + 1 end
  redis.call('ZREM', KEYS[2 * count + i], ARGV[1 + i])
end
for i = 3 * count + 1, #KEYS do redis.call('ZREM', KEYS[i], unpack(ARGV, count + 2)) end
return removed`,
};

/** Removes entries of one tenant at a time. All of it @throws RefrainError `unavailable` */
export class Removal {
  readonly #parts: RemovalParts;
  readonly #removeEntries: ReturnType<State['script']>;

  constructor(parts: RemovalParts) {
    this.#parts = parts;
    this.#removeEntries = parts.state.script(removeEntries);
  }

  /** The names of a group's entries that Redis may still have; page by page, for a model's may be all of a tenant's. */
  async namesOf(tenant: string, group: Group, nowMs: number): Promise<string[]> {
    const { state, keys } = this.#parts;
    const names = new Set<string>();
    // From those that live longest: what ends meanwhile shifts no page, and what comes meanwhile shows a name twice.
    for (let from = 0; ; from += pageNames) {
      const range = ['+inf', `(${nowMs}`, 'BYSCORE', 'REV', 'LIMIT', from, pageNames] as const;
      const read = () => state.command('ZRANGE', keys.group(tenant, group), ...range);
      const page = (await patiently(read)) as string[];
      for (const name of page) names.add(name);
      if (page.length < pageNames) return [...names];
    }
  }

  /** How many of them are there. */
  async count(tenant: string, names: readonly string[]): Promise<number> {
    let there = 0;
    for (const page of pages(names)) {
      const look = page.map((named) => ['EXISTS', ...this.#halves(tenant, named)] as const);
      const replies = await patiently(() => this.#parts.state.pipeline(look));
      there += replies.filter((reply) => Number(reply) > 0).length;
    }
    return there;
  }

  /** Removes entries by name; gives how many of them were there, as far as that was answered in time. */
  async entries(tenant: string, names: readonly string[]): Promise<number> {
    let removed = 0;
    for (const page of pages(names)) {
      // Once, so that a step that is done twice still knows what it had to take out of the index.
      const { lists, there } = await patiently(() => this.#look(tenant, page));
      removed += await patiently(() => this.#removePage(tenant, page, { lists, there }));
      for (const { partition, ids } of byPartition(tenant, there)) {
        this.#parts.near.letGo(partition, ids);
        this.#parts.index.remove(partition, ids);
      }
    }
    return removed;
  }

  /** Takes a name off the lists of what a tenant has: it is no longer one. */
  async strike(tenant: string, name: string): Promise<void> {
    const { state, keys } = this.#parts;
    await state.pipeline([keys.lives(tenant), keys.uses(tenant)].map((list) => ['ZREM', list, name] as const));
  }

  /** Removes a partition's entries; its collection goes as a whole, which is faster than vector by vector. */
  async partition(tenant: string, key: string, names: readonly string[]): Promise<number> {
    const { state, keys, index } = this.#parts;
    const generation = (await new Generations(state, keys).all()).get(key);
    // Of a partition that is another tenant's nothing is touched, though its name be known.
    if (names.length === 0 && generation?.prefix !== keys.prefix(tenant)) return 0;
    const partition = { tenant, key };
    await index.list(partition);
    const removed = await this.entries(tenant, names);
    index.drop(partition);
    return removed;
  }

  /** Makes an entry answer nothing but its own question from now on: its half by meaning and its aliases go. */
  async quarantine(tenant: string, entryId: string): Promise<void> {
    const of = fromEntryId(entryId);
    if (of) await this.#parts.index.list({ tenant, key: of.partition }, [of.id]);
    await this.clearMeaning(tenant, entryId);
  }

  /** The same until it is stored anew, which is about to happen: the index then has its vector already. */
  async clearMeaning(tenant: string, entryId: string): Promise<void> {
    const { near, index, aliases } = this.#parts;
    const of = fromEntryId(entryId);
    if (!of) return;
    const partition = { tenant, key: of.partition };
    await near.remove(partition, [of.id]);
    index.remove(partition, [of.id]);
    await aliases.revoke(tenant, [entryId]);
  }

  async #removePage(tenant: string, page: readonly Named[], { lists, there }: Looked): Promise<number> {
    const { keys, index, aliases } = this.#parts;
    const names = page.map(({ name }) => name);
    for (const { partition, ids } of byPartition(tenant, there)) await index.list(partition, ids);
    const halves = page.flatMap((named) => this.#halves(tenant, named));
    const partitions = page.map(({ partition }) => keys.partition(tenant, partition));
    const args = [page.length, ...page.map(({ id }) => id), ...names];
    const removed = await this.#removeEntries([...halves, ...partitions, ...lists], args);
    // After the entries: from here on none of them gets another alias.
    await aliases.revoke(tenant, names);
    return Number(removed);
  }

  async #look(tenant: string, page: readonly Named[]): Promise<Looked> {
    const { state, keys } = this.#parts;
    const lists = new Set([keys.lives(tenant), keys.uses(tenant)]);
    const exact = await state.getMany(page.map(({ id }) => keys.exact(tenant, id)));
    // Of an entry whose exact half is gone the other one says it.
    const rest = page.filter((_, i) => !exact[i]);
    const near = await state.getMany(rest.map(({ id, partition }) => keys.near(tenant, partition, id)));
    const there = [...page.filter((_, i) => exact[i]), ...rest.filter((_, i) => near[i])];
    for (const bytes of [...exact, ...near]) {
      const entry = bytes && readEntry(bytes);
      if (!entry) continue;
      const target = fromEntryId(entry.aliasOf);
      if (target) lists.add(keys.aliases(tenant, target.id));
      else for (const group of groupsOf(entry)) lists.add(keys.group(tenant, group));
    }
    return { lists, there };
  }

  #halves(tenant: string, { id, partition }: Named): [string, string] {
    return [this.#parts.keys.exact(tenant, id), this.#parts.keys.near(tenant, partition, id)];
  }
}

function byPartition(tenant: string, entries: readonly Named[]) {
  return [...Map.groupBy(entries, ({ partition }) => partition)].map(([key, named]) => ({
    partition: { tenant, key },
    ids: named.map(({ id }) => id),
  }));
}

function* pages(names: readonly string[]): Generator<Named[]> {
  const named = names.flatMap((name) => {
    const of = fromEntryId(name);
    return of ? [{ name, ...of }] : [];
  });
  for (let from = 0; from < named.length; from += pageEntries) yield named.slice(from, from + pageEntries);
}
