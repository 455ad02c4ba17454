/** A provider's keys as refrain.yaml and the environment give them, with what each is granted. The only place that holds them. */
import { type KeyLimits, keyId, type ProviderConfig, type Secret } from '@refrain/service';

/** Keys that are alike but for their values. */
export interface KeyGroup {
  /** `default`, or the pool's name. */
  readonly name: string;
  readonly region: string | undefined;
  readonly baseUrl: string | undefined;
  readonly weight: number;
  readonly limits: KeyLimits;
}

/** A key and the name it has outside this process. */
export interface PooledKey {
  readonly id: string;
  readonly secret: Secret;
  readonly group: KeyGroup;
}

/**
 * The keys of a provider in the order of their variables, each once: one that two stems hold is the first's. `keysOf` reads a stem.
 * Throws what it throws.
 */
export function toKeys(config: ProviderConfig, keysOf: (stem: string) => readonly Secret[]): PooledKey[] {
  const own = { name: 'default', region: undefined, baseUrl: undefined, weight: 1, limits: config.limits };
  const groups: [string | undefined, KeyGroup][] = [
    [config.keys, own],
    ...Object.entries(config.pools).map(([name, pool]): [string, KeyGroup] => {
      const { keys, region, baseUrl, weight } = pool;
      return [keys, { name, region, baseUrl, weight, limits: { ...config.limits, ...pool.limits } }];
    }),
  ];
  const found = new Map<string, PooledKey>();
  for (const [stem, group] of groups) {
    for (const secret of stem === undefined ? [] : keysOf(stem)) {
      const id = keyId(secret);
      if (!found.has(id)) found.set(id, { id, secret, group });
    }
  }
  return [...found.values()];
}
