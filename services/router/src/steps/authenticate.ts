import { hash } from 'node:crypto';
import { RefrainError } from '@refrain/errors';
import type { Caller, Credentials } from '../caller.ts';
import type { Settings } from '../settings.ts';

/**
 * Step 1: who is asking. A mesh without callers' keys (it listens on loopback alone) takes everybody for its local tenant, whatever
 * key a client must send to be content. A NATS client is the tenant its subject names; a key it adds must be that tenant's.
 * @throws RefrainError `unauthenticated` for no key or an unknown one, `denied` for a client that is no tenant.
 */
export function authenticate(credentials: Credentials, settings: Settings): Caller {
  const { apiKey, client } = credentials;
  const { callers, mesh } = settings;
  if (callers.size === 0) {
    if (client !== undefined && client !== mesh.local.tenant) throw unknownClient(client);
    return mesh.local;
  }
  if (apiKey === undefined) {
    if (client !== undefined) return tenantsCaller(client, settings);
    throw new RefrainError('unauthenticated', 'An API key is needed: send it as authorization: Bearer <key>.', {
      reason: 'API_KEY_MISSING',
    });
  }
  const caller = callers.get(hash('sha256', apiKey, 'hex'));
  if (!caller) throw new RefrainError('unauthenticated', 'The API key is not known.', { reason: 'INVALID_API_KEY' });
  if (client !== undefined && client !== caller.tenant) throw unknownClient(client);
  return caller;
}

/** The tenant's first key in `refrain.yaml` gives the tier. */
function tenantsCaller(client: string, { callers }: Settings): Caller {
  for (const { tenant, tier } of callers.values()) if (tenant === client) return { tenant, user: 'nats', tier };
  throw unknownClient(client);
}

function unknownClient(client: string): RefrainError {
  return new RefrainError('denied', `There is no tenant ${client.slice(0, 32)}, or the key is another's.`, {
    reason: 'UNKNOWN_CLIENT',
  });
}
