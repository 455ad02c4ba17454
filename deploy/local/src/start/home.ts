import { join } from 'node:path';

/** Where a mesh keeps what it fetched, its data and its logs (`.refrain`). */
export interface Home {
  readonly folder: string;
  /** Servers that were fetched. */
  readonly parts: string;
  readonly models: string;
  /** Addresses of the running mesh; there only while it is healthy. */
  readonly meshFile: string;
  readonly logs: string;
  /** What the parts store, prompts and answers among it, and the mesh's secrets: for its owner alone. */
  readonly data: string;
  /** By which the cache calls its tenants; made at the first start. */
  readonly tenantSecretFile: string;
  /** By which the services know each other; made at the first start. */
  readonly meshSecretFile: string;
  /** What a part stores. */
  dataOf(part: string): string;
  logOf(name: string): string;
}

/** Lays a home out. Parts and models may lie elsewhere, shared by several homes. */
export function createHome(folder: string, shared: { parts?: string | undefined; models?: string | undefined }): Home {
  const logs = join(folder, 'logs');
  const data = join(folder, 'data');
  return {
    folder,
    parts: shared.parts ?? join(folder, 'parts'),
    models: shared.models ?? join(folder, 'models'),
    meshFile: join(folder, 'mesh.json'),
    logs,
    data,
    tenantSecretFile: join(data, 'cache-tenant-secret'),
    meshSecretFile: join(data, 'mesh-secret'),
    dataOf: (part) => join(data, part),
    logOf: (name) => join(logs, `${name}.log`),
  };
}
