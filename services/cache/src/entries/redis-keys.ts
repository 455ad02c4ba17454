/**
 * Every Redis key of the cache. All that is kept of a tenant begins alike (`pattern` covers it, whatever it is), and a tenant is called
 * by an HMAC: no tenant's name can reach into another's keys, and who does not know the secret cannot name a tenant's keys at all.
 * The braces keep a tenant's keys in one slot of a Redis cluster, where a script may touch several of them.
 */
import { createHmac } from 'node:crypto';
import type { Secret } from '@refrain/service';

const maximumHashes = 10_000;
/** Without a secret, tenants are still told apart; only their keys can then be named by whoever reads this line. */
const publicSecret = 'refrain-tenant';

/** What entries are removed by together. */
export interface Group {
  readonly kind: 'tag' | 'model' | 'partition';
  readonly value: string;
}

/** What an invalidation leaves its stamp on. */
export type Stamped = Group | { readonly kind: 'entry'; readonly value: string } | { readonly kind: 'tenant' };

/** Makes the names. The same secret makes the same names, in every process that shares a Redis. */
export class RedisKeys {
  readonly #secret: string;
  readonly #hashes: Map<string, string> = new Map();
  #prefix: string | undefined;

  constructor(secret?: Secret) {
    this.#secret = secret?.reveal() ?? publicSecret;
  }

  /** Names of entries and partitions of the tenant that `prefix` was made of, for who need not know who that is; whatever tenant is named. */
  static under(prefix: string): RedisKeys {
    const keys = new RedisKeys();
    keys.#prefix = prefix;
    return keys;
  }

  /** What all that is kept of a tenant begins with. */
  prefix(tenant: string): string {
    return this.#of(tenant);
  }

  /** Of all tenants: which generation of its collection counts, by partition. */
  generations(): string {
    return 'rf:1:c:generations';
  }

  /** Of all tenants: a stream of what the keys of those began with that were erased lately. */
  erasures(): string {
    return 'rf:1:c:erasures';
  }

  /** Of all tenants: a sorted set of what has still to be taken out of the index. */
  removals(): string {
    return 'rf:1:c:removals';
  }

  /** An answer, or an alias, by its exact key. */
  exact(tenant: string, id: string): string {
    return `${this.#of(tenant)}:x:${id}`;
  }

  /** An answer with its question and vector. */
  near(tenant: string, partition: string, id: string): string {
    return `${this.#of(tenant)}:s:${partition}:${id}`;
  }

  /** A sorted set of a partition's entry ids, by the millisecond until which they may answer without being called stale. */
  partition(tenant: string, partition: string): string {
    return `${this.#of(tenant)}:p:${partition}`;
  }

  /** A stream of what came into a partition and went. */
  journal(tenant: string, partition: string): string {
    return `${this.#of(tenant)}:j:${partition}`;
  }

  /** A sorted set of a tenant's partitions by the millisecond they were last written to. */
  partitions(tenant: string): string {
    return `${this.#of(tenant)}:n`;
  }

  /** A sorted set of the names of an entry's aliases, by the millisecond Redis forgets them. */
  aliases(tenant: string, id: string): string {
    return `${this.#of(tenant)}:r:${id}`;
  }

  /** A sorted set of the names of a group's entries, by the millisecond Redis forgets them. */
  group(tenant: string, { kind, value }: Group): string {
    return `${this.#of(tenant)}:g:${this.#hash(`${kind}:${value}`)}`;
  }

  /** The millisecond of the last invalidation. */
  stamp(tenant: string, stamped: Stamped): string {
    const what = stamped.kind === 'tenant' ? stamped.kind : `${stamped.kind}:${stamped.value}`;
    return `${this.#of(tenant)}:e:${this.#hash(what)}`;
  }

  /** A sorted set of the names of a tenant's entries and aliases, by the millisecond Redis forgets them. */
  lives(tenant: string): string {
    return `${this.#of(tenant)}:u`;
  }

  /** A sorted set of the same names, by how often they are used. */
  uses(tenant: string): string {
    return `${this.#of(tenant)}:f`;
  }

  /** How little used the last entry was that had to go. */
  usesBase(tenant: string): string {
    return `${this.#of(tenant)}:b`;
  }

  /** What was learned about a tenant's hits; `name` is the learner's own. */
  learned(tenant: string, name: string): string {
    return `${this.#of(tenant)}:l:${name}`;
  }

  /** A glob over everything of a tenant. */
  pattern(tenant: string): string {
    return `${this.#of(tenant)}:*`;
  }

  #of(tenant: string): string {
    return this.#prefix ?? `rf:1:c:{${this.#hash(`tenant:${tenant}`).slice(0, 16)}}`;
  }

  /** Remembered: a store names its tenant, its groups and their stamps a dozen times. */
  #hash(text: string): string {
    const known = this.#hashes.get(text);
    if (known) return known;
    const fresh = createHmac('sha256', this.#secret).update(text).digest('hex').slice(0, 32);
    if (this.#hashes.size >= maximumHashes) this.#hashes.clear();
    this.#hashes.set(text, fresh);
    return fresh;
  }
}

/** Half of a SHA-256 names entries and partitions: 128 bits, and half the memory. */
export function shorten(hex64: string): string {
  return hex64.slice(0, 32);
}

/** What a caller gets to name an entry by. */
export function toEntryId(id: string, partition: string): string {
  return `${id}.${partition}`;
}

/** The two halves of an entry's name; undefined for anything else. */
export function fromEntryId(entryId: string): { id: string; partition: string } | undefined {
  const match = /^([0-9a-f]{32})\.([0-9a-f]{32})$/.exec(entryId);
  return match?.[1] && match[2] ? { id: match[1], partition: match[2] } : undefined;
}
