/** Who asks: one answer for every service that has a door for callers. */
import { hash } from 'node:crypto';
import { RefrainError } from '@refrain/errors';
import type { MeshConfig, Tier } from './mesh-config/schema.ts';

/** How a caller says who it is. */
export interface Credentials {
  /** The key it presented, if any. */
  readonly apiKey?: string | undefined;
  /** The client its NATS subject names; the NATS server's permissions vouch for it. */
  readonly client?: string | undefined;
  /** Who another service of the mesh asks for, by the mesh's secret. */
  readonly vouched?: Vouched | undefined;
}

/** Who asks. */
export interface Caller {
  readonly tenant: string;
  readonly user: string;
  readonly tier: Tier;
}

/** A caller another service asks for. */
export interface Vouched extends Caller {
  /** It was let in when its question was taken, and does not wait now: it is not counted again and asks in the low lane. */
  readonly deferred?: boolean;
}

/** Whom a mesh knows. */
export interface KnownCallers {
  /** By the SHA-256 (hex) of their key. */
  readonly byKeyHash: ReadonlyMap<string, Caller>;
  /** Everybody, where there are no keys. */
  readonly local: Caller;
}

/** Derives it from `refrain.yaml`. */
export function knownCallers({ keys, local }: Pick<MeshConfig, 'keys' | 'local'>): KnownCallers {
  const entries = keys.map(
    ({ hash, tenant, user, tier }) => [hash.slice('sha256:'.length), { tenant, user, tier }] as const,
  );
  return { byKeyHash: new Map(entries), local };
}

/**
 * Says who asks: whom a service of the mesh vouches for, else by key or client. A mesh without callers' keys (it listens on loopback alone) takes everybody for its local tenant, whatever
 * key a client must send to be content. A NATS client is the tenant its subject names; a key it adds must be that tenant's.
 * @throws RefrainError `unauthenticated` for no key or an unknown one, `denied` for a client that is no tenant.
 */
export function identify({ apiKey, client, vouched }: Credentials, known: KnownCallers): Caller {
  const { byKeyHash, local } = known;
  if (vouched) return { tenant: vouched.tenant, user: vouched.user, tier: vouched.tier };
  if (byKeyHash.size === 0) {
    if (client !== undefined && client !== local.tenant) throw unknownClient(client);
    return local;
  }
  if (apiKey === undefined) {
    if (client !== undefined) return tenantsCaller(client, known);
    throw new RefrainError('unauthenticated', 'An API key is needed: send it as authorization: Bearer <key>.', {
      reason: 'API_KEY_MISSING',
    });
  }
  const caller = byKeyHash.get(hash('sha256', apiKey, 'hex'));
  if (!caller) throw new RefrainError('unauthenticated', 'The API key is not known.', { reason: 'INVALID_API_KEY' });
  if (client !== undefined && client !== caller.tenant) throw unknownClient(client);
  return caller;
}

/** The tenant's first key in `refrain.yaml` gives the tier. */
function tenantsCaller(client: string, { byKeyHash }: KnownCallers): Caller {
  for (const { tenant, tier } of byKeyHash.values()) if (tenant === client) return { tenant, user: 'nats', tier };
  throw unknownClient(client);
}

function unknownClient(client: string): RefrainError {
  return new RefrainError('denied', `There is no tenant ${client.slice(0, 32)}, or the key is another's.`, {
    reason: 'UNKNOWN_CLIENT',
  });
}

/** The key a caller presents by `authorization: Bearer …` or `x-api-key`, whatever door it comes through; undefined where neither is there. */
export function readApiKey(header: (name: string) => string | undefined): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(header('authorization') ?? '');
  return bearer?.[1] ?? header('x-api-key');
}
