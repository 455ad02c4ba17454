import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@refrain/service';
import { RedisKeys } from './redis-keys.ts';

const keys = new RedisKeys(new Secret('0123456789abcdef'));
const id = 'f'.repeat(32);
const group = { kind: 'tag', value: 'rivers' } as const;

/** Every key that a tenant has. */
const allOf = (of: RedisKeys, tenant: string): string[] => [
  of.exact(tenant, id),
  of.near(tenant, id, id),
  of.partition(tenant, id),
  of.partitions(tenant),
  of.aliases(tenant, id),
  of.group(tenant, group),
  of.stamp(tenant, { kind: 'tenant' }),
  of.stamp(tenant, group),
  of.stamp(tenant, { kind: 'entry', value: id }),
  of.lives(tenant),
  of.uses(tenant),
  of.usesBase(tenant),
  of.learned(tenant, 'x'),
  of.journal(tenant, id),
];

test('one pattern covers everything of a tenant, and nothing of another, however it is called', () => {
  const tenants = ['a', 'b', 'a:b', '*', 'a*', '?', '[ab]', '{a}', '', 'ä'.repeat(200)];
  for (const tenant of tenants) {
    const prefix = keys.pattern(tenant).slice(0, -1);
    assert.match(keys.pattern(tenant), /^rf:1:c:\{[0-9a-f]{16}\}:\*$/);
    for (const other of tenants) {
      for (const key of allOf(keys, other)) assert.equal(key.startsWith(prefix), tenant === other, key);
    }
  }
});

test('all kinds have names of their own', () => {
  const names = allOf(keys, 'a');
  assert.equal(new Set(names).size, names.length);
});

test('neither a tenant nor a tag can be read from a key, and who lacks the secret can name none', () => {
  const [other, none] = [new RedisKeys(new Secret('another secret, longer')), new RedisKeys()];
  for (const [i, key] of allOf(keys, 'acme').entries()) {
    assert.doesNotMatch(key, /acme|rivers/);
    assert.notEqual(key, allOf(other, 'acme')[i]);
    assert.notEqual(key, allOf(none, 'acme')[i]);
  }
  assert.deepEqual(allOf(keys, 'acme'), allOf(new RedisKeys(new Secret('0123456789abcdef')), 'acme'));
});
