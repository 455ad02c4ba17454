/** Every Redis key of the cache. Tenants are told apart by a hash, so that no tenant's name can reach into another's keys. */
import { hash } from 'node:crypto';

const hashes = new Map<string, string>();
const maximumHashes = 10_000;

/** Half of a SHA-256 names entries and partitions: 128 bits, and half the memory. */
export function shorten(hex64: string): string {
  return hex64.slice(0, 32);
}

/** An answer by its exact key. */
export function exactKeyOf(tenant: string, id: string): string {
  return `rf:1:x:${tenantHash(tenant)}:${id}`;
}

/** An answer with its question and vector. */
export function nearKeyOf(tenant: string, partition: string, id: string): string {
  return `rf:1:s:${tenantHash(tenant)}:${partition}:${id}`;
}

/** A sorted set of a partition's entry ids by the millisecond they expire. */
export function partitionKeyOf(tenant: string, partition: string): string {
  return `rf:1:p:${tenantHash(tenant)}:${partition}`;
}

/** A glob over everything of a tenant, of one kind. */
export function tenantPattern(tenant: string, kind: 'x' | 's' | 'p'): string {
  return `rf:1:${kind}:${tenantHash(tenant)}:*`;
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

function tenantHash(tenant: string): string {
  const known = hashes.get(tenant);
  if (known) return known;
  const fresh = hash('sha256', `refrain-tenant:${tenant}`, 'hex').slice(0, 16);
  if (hashes.size >= maximumHashes) hashes.clear();
  hashes.set(tenant, fresh);
  return fresh;
}
