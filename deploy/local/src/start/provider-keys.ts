/** Of the mesh itself; who needs one is given it. */
const meshSecrets: ReadonlySet<string> = new Set([
  'CACHE_TENANT_SECRET',
  'REFRAIN_MESH_SECRET',
  'REFRAIN_MESH_SECRET_FILE',
]);

/** The environment with only those provider keys that a process needs, and without the mesh's own secrets: nobody else can leak them. */
export function withoutKeys(
  env: NodeJS.ProcessEnv,
  stems: readonly string[],
  needed: readonly string[] = [],
): NodeJS.ProcessEnv {
  const hidden = stems.filter((stem) => !needed.includes(stem));
  const isHidden = (name: string) =>
    meshSecrets.has(name) ||
    hidden.some((stem) => name.startsWith(stem) && /^_API_KEY(S|_\d+|_FILE)?$/.test(name.slice(stem.length)));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isHidden(name)));
}
