/** Names for groups of cases; each brings the limits its ratios need. */
const suites: Readonly<Record<string, readonly string[]>> = {
  all: [],
  limits: ['grpc_echo', 'grpc_two_hops', 'http_proxy', 'http_proxy_first_chunk', 'embedder'],
  exact: ['grpc_echo', 'exact_hit', 'http_exact_hit'],
  semantic: ['semantic_hit', 'miss_semantic', 'http_miss_semantic'],
  miss: ['miss', 'http_miss', 'stream_first_chunk'],
};

/** What a run may be asked for; `cache` has parts of its own instead of these cases. */
export const suiteNames: readonly string[] = [...Object.keys(suites), 'cache'];

/**
 * The cases a run is asked for, with their limits, in their order: those of `suite` (none: all), or those named by `only`.
 * @throws Error for a name that is none
 */
export function chooseCases<C extends { readonly name: string; readonly limit?: string }>(
  cases: readonly C[],
  { suite = 'all', only }: { suite?: string | undefined; only?: string | undefined },
): C[] {
  const known = suites[suite];
  if (!known) throw new Error(`there is no suite ${suite}; there are ${suiteNames.join(', ')}`);
  const wanted = only?.split(',') ?? known;
  const unknown = wanted.filter((name) => !cases.some((each) => each.name === name));
  if (unknown.length > 0)
    throw new Error(`there is no case ${unknown.join(', ')}; there are ${cases.map(({ name }) => name).join(', ')}`);
  if (wanted.length === 0) return [...cases];
  const chosen = new Set(wanted);
  for (const { name, limit } of cases) if (wanted.includes(name) && limit) chosen.add(limit);
  return cases.filter(({ name }) => chosen.has(name));
}
