import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyId, parseMeshConfig, Secret } from '@refrain/service';
import { toKeys } from './key-set.ts';
import { toPlan } from './pool-plan.ts';

const tier = '{ lane: low, requestsPerMinute: 1 }';
const provider = (section: string) => {
  const config = parseMeshConfig(
    `{ version: 1, tiers: { free: ${tier}, basic: ${tier}, pro: ${tier}, enterprise: ${tier} }, routes: [{ try: [p/m] }],
    providers: { p: { adapter: openai, keys: OWN, models: [{ name: m, rank: 3, contextTokens: 10 }], ${section} } } }`,
    'test.yaml',
  ).providers.p;
  assert.ok(config);
  return config;
};
const secrets: Readonly<Record<string, readonly string[]>> = { OWN: ['a', 'b'], EU: ['b', 'c'], US: ['d'] };
const keysOf = (stem: string) => (secrets[stem] ?? []).map((value) => new Secret(value));
const id = (value: string) => keyId(new Secret(value));
const pools = 'pools: { eu: { keys: EU, region: eu, weight: 2, limits: { requestsPerDay: 9 } }, us: { keys: US } }';

test('a pool has the limits of the provider but for its own; a key of two stems belongs to the first', () => {
  const keys = toKeys(provider(`limits: { requestsPerMinute: 5, requestsPerDay: 7 }, ${pools}`), keysOf);
  assert.deepEqual(
    keys.map(({ secret, group }) => [
      secret.reveal(),
      group.name,
      group.limits.requestsPerMinute,
      group.limits.requestsPerDay,
    ]),
    [
      ['a', 'default', 5, 7],
      ['b', 'default', 5, 7],
      ['c', 'eu', 5, 9],
      ['d', 'us', 5, 7],
    ],
  );
});

test('a plan names keys by their hashes alone, those of our region first', () => {
  const config = provider(pools);
  const keys = toKeys(config, keysOf);
  const plan = toPlan(config, keys, { region: 'eu', threshold: 0.8 });
  assert.deepEqual(plan.tiers, [`${id('c')}B`, `${id('a')}A${id('b')}A${id('d')}C`]);
  assert.deepEqual(plan.limits[1], [0, 9, 0, 0, 0, 2]);
  assert.equal(toPlan(config, keys, { threshold: 0.8 }).tiers.length, 1);
  assert.deepEqual([plan.concurrency, plan.strategy], [100, 'round-robin']);
});
