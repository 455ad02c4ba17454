/** The secret by which this mesh's services know an operator. */
import { readMeshSecret, type Secret } from '@refrain/service';
import type { Home } from '../start/home.ts';

/** The secret the environment names; undefined where it names none. @throws ConfigError for one that cannot be */
export function configuredMeshSecret(): Secret | undefined {
  const { REFRAIN_MESH_SECRET, REFRAIN_MESH_SECRET_FILE } = process.env;
  return readMeshSecret({ REFRAIN_MESH_SECRET, REFRAIN_MESH_SECRET_FILE });
}

/** The configured secret, else the one this mesh has made. @throws Error where there is neither */
export function meshSecretOf(home: Home): Secret {
  const secret = configuredMeshSecret() ?? readMeshSecret({ REFRAIN_MESH_SECRET_FILE: home.meshSecretFile });
  if (!secret) throw new Error('the secret of the mesh is missing: set REFRAIN_MESH_SECRET');
  return secret;
}
