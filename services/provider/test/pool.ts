/** Pools over a real Redis whose time is moved by hand. */

import { type ProviderConfig, parseMeshConfig, Secret } from '@refrain/service';
import { openState, type State } from '@refrain/state';
import { type ManualClock, manualClock, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { Days } from '../src/keys/day.ts';
import { type PooledKey, toKeys } from '../src/keys/key-set.ts';
import { toPlan } from '../src/keys/pool-plan.ts';
import type { PoolWatcher } from '../src/keys/pool-watcher.ts';
import { SharedPool } from '../src/keys/shared-pool.ts';

/** A provider's section of refrain.yaml, by what its tests are about. */
export function providerOf(text: string): ProviderConfig {
  const tier = '{ lane: low, requestsPerMinute: 1 }';
  const mesh = parseMeshConfig(
    `{ version: 1, tiers: { free: ${tier}, basic: ${tier}, pro: ${tier}, enterprise: ${tier} }, routes: [{ try: [it/m] }],
    providers: { it: { adapter: openai, keys: IT, models: [{ name: m, rank: 3, contextTokens: 8192 }], ${text} } } }`,
    'test.yaml',
  ).providers.it;
  if (!mesh) throw new Error('no provider');
  return mesh;
}

/** Keys `sk-1` to `sk-count` for the stem IT, and others by their stems. */
export function keysOf(count: number, more: Readonly<Record<string, readonly string[]>> = {}) {
  const named: Readonly<Record<string, readonly string[]>> = {
    IT: Array.from({ length: count }, (_, i) => `sk-${i + 1}`),
    ...more,
  };
  return (stem: string) => (named[stem] ?? []).map((value) => new Secret(value));
}

/** What a pool under test is made of. */
export interface PoolOptions {
  readonly provider?: string;
  readonly keys?: readonly PooledKey[];
  readonly region?: string;
  readonly threshold?: number;
  readonly watcher?: Partial<PoolWatcher>;
  readonly clock?: ManualClock;
  /** How wrong the worker's own clock is. */
  readonly skewMs?: number;
  /** Another state than the rig's. */
  readonly state?: Pick<State, 'script' | 'command'>;
}

const ignore = () => undefined;
const noWatcher: PoolWatcher = { used: ignore, ended: ignore, denied: ignore, refused: ignore };

/** A Redis and pools upon it. */
export interface PoolRig {
  readonly redis: TestServer;
  readonly state: State;
  readonly clock: ManualClock;
  /** A worker's pool with so many keys. */
  pool(config: string, count: number, options?: PoolOptions): SharedPool;
  /** The pool of the only worker of a provider of its own. */
  worker(config: string, count: number, options?: PoolOptions): SharedPool;
  /** The pools of so many workers of a provider of its own, each with the same keys. */
  workers(config: string, count: number, howMany?: number, options?: PoolOptions): SharedPool[];
  stop(): Promise<void>;
}

/** Noon in Los Angeles, winter. */
export const noon: number = Date.parse('2026-11-24T20:00:00Z');

/** Starts a Redis. */
export async function startPoolRig(): Promise<PoolRig> {
  const redis = await startRedis();
  const state = openState({ url: redis.url, name: 'pool', log: silentLog, timeoutMs: 5000 });
  while (!state.ready) await new Promise((resolve) => setImmediate(resolve));
  const clock = manualClock(noon);
  const pool = (config: string, count: number, options: PoolOptions = {}) => {
    const section = providerOf(config);
    const keys = options.keys ?? toKeys(section, keysOf(count));
    const { region, threshold = 1.1, watcher = {} } = options;
    const plan = toPlan(section, keys, { region, threshold });
    const ofZone = new Days(section.resetTimeZone);
    const days = { around: (nowMs: number) => ofZone.around(nowMs + (options.skewMs ?? 0)) };
    const parts = {
      provider: options.provider ?? 'it',
      state: options.state ?? state,
      days,
      log: silentLog,
      probeMs: 900_000,
    };
    return new SharedPool(
      { ...parts, clock: options.clock ?? clock, watcher: { ...noWatcher, ...watcher } },
      keys,
      plan,
    );
  };
  let made = 0;
  const own = (options: PoolOptions) => {
    made += 1;
    return { provider: `p${made}`, ...options };
  };
  return {
    redis,
    state,
    clock,
    pool,
    worker: (config, count, options = {}) => pool(config, count, own(options)),
    workers: (config, count, howMany = 1, options = {}) => {
      const ours = own(options);
      return Array.from({ length: howMany }, () => pool(config, count, ours));
    },
    stop: async () => {
      state.close();
      await redis.stop();
    },
  };
}
