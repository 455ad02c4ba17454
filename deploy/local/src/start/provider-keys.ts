/** The environment with only those provider keys that a process needs, and without the cache's secret: nobody else can leak them. */
export function withoutKeys(
  env: NodeJS.ProcessEnv,
  stems: readonly string[],
  needed: readonly string[] = [],
): NodeJS.ProcessEnv {
  const hidden = stems.filter((stem) => !needed.includes(stem));
  const isHidden = (name: string) =>
    name === 'CACHE_TENANT_SECRET' ||
    hidden.some((stem) => name.startsWith(stem) && /^_API_KEY(S|_\d+|_FILE)?$/.test(name.slice(stem.length)));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isHidden(name)));
}
