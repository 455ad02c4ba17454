/**
 * How one service of the mesh asks another for a caller: gRPC metadata with a secret that only services know, and the caller's tenant,
 * user and tier. Whoever has the secret may speak for every tenant, so it is compared in constant time, never logged, and a call that
 * carries a wrong one is refused instead of being taken for a stranger's.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RefrainError } from '@refrain/errors';
import { ConfigError } from './config-error.ts';
import type { Vouched } from './identity.ts';
import { callerKeySchema } from './mesh-config/schema.ts';
import { Secret } from './secret.ts';

const header = {
  secret: 'x-refrain-mesh-secret',
  tenant: 'x-refrain-tenant',
  user: 'x-refrain-user',
  tier: 'x-refrain-tier',
  deferred: 'x-refrain-deferred',
} as const;
const callerSchema = callerKeySchema.pick({ tenant: true, user: true, tier: true });
/** Short ones can be tried out. */
const minimumLength = 16;

/** Metadata for a call in a caller's name. A user's name may be anything, metadata is ASCII: it travels encoded. */
export function meshMetadata(secret: Secret, { tenant, user, tier, deferred }: Vouched): Record<string, string> {
  return {
    [header.secret]: secret.reveal(),
    [header.tenant]: tenant,
    [header.user]: encodeURIComponent(user),
    [header.tier]: tier,
    ...(deferred && { [header.deferred]: 'true' }),
  };
}

/** Metadata for a call of an operator, who asks in nobody's name. */
export function operatorMetadata(secret: Secret): Record<string, string> {
  return { [header.secret]: secret.reveal() };
}

/** Whether the call comes from an operator. @throws RefrainError `denied` for a wrong secret or a door that knows none */
export function isOperator(read: (name: string) => string | undefined, secret: Secret | undefined): boolean {
  return hasSecret(read, secret) && read(header.tenant) === undefined;
}

/**
 * Whom the call is made for; undefined for a call without the secret, whatever else it says.
 * @throws RefrainError `denied` for a wrong secret, a door that knows none, or a caller that cannot be
 */
export function readVouched(
  read: (name: string) => string | undefined,
  secret: Secret | undefined,
): Vouched | undefined {
  if (!hasSecret(read, secret)) return undefined;
  const [tenant, user, tier] = [read(header.tenant), decode(read(header.user)), read(header.tier)];
  const caller = callerSchema.safeParse({ tenant, user, tier });
  if (!caller.success) throw refused('The caller this is asked for is not named as it must be.', 'INVALID_CALLER');
  return { ...caller.data, deferred: read(header.deferred) === 'true' };
}

function hasSecret(read: (name: string) => string | undefined, secret: Secret | undefined): boolean {
  const given = read(header.secret);
  if (given === undefined) return false;
  // Digests are of one length, which is what the comparison asks for.
  if (secret && timingSafeEqual(digest(given), digest(secret.reveal()))) return true;
  throw refused('The secret of the mesh is another.', 'INVALID_MESH_SECRET');
}

/**
 * The secret from `REFRAIN_MESH_SECRET`, else from the file `REFRAIN_MESH_SECRET_FILE`; undefined where neither is set.
 * @throws ConfigError for one that is too short or a file that cannot be read
 */
export function readMeshSecret(env: NodeJS.ProcessEnv): Secret | undefined {
  const { REFRAIN_MESH_SECRET: value, REFRAIN_MESH_SECRET_FILE: file } = env;
  if (value) return checked(value, 'REFRAIN_MESH_SECRET');
  return file ? checked(readSecretFile(file), 'REFRAIN_MESH_SECRET_FILE') : undefined;
}

function readSecretFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new ConfigError('environment', [
      { path: 'REFRAIN_MESH_SECRET_FILE', message: 'names a file that cannot be read' },
    ]);
  }
}

function checked(value: string, path: string): Secret {
  if (/^[\x21-\x7e]+$/.test(value) && value.length >= minimumLength) return new Secret(value);
  const message = `must have ${minimumLength} characters at least, of visible ASCII`;
  throw new ConfigError('environment', [{ path, message }]);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function decode(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    // Not as `meshMetadata` writes it: no caller of ours.
    return undefined;
  }
}

function refused(message: string, reason: string): RefrainError {
  return new RefrainError('denied', message, { reason });
}
