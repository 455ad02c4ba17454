import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseCases } from './suites.ts';

const cases = ['grpc_echo', 'grpc_two_hops', 'http_proxy', 'http_proxy_first_chunk', 'embedder', 'exact_hit'].map(
  (name) => (name === 'exact_hit' ? { name, limit: 'grpc_two_hops' } : { name }),
);
const names = (chosen: readonly { name: string }[]) => chosen.map(({ name }) => name);

test('without a name every case runs; a chosen one brings its limit along, in the order of the cases', () => {
  assert.deepEqual(names(chooseCases(cases, {})), names(cases));
  assert.deepEqual(names(chooseCases(cases, { only: 'exact_hit' })), ['grpc_two_hops', 'exact_hit']);
  assert.deepEqual(names(chooseCases(cases, { suite: 'limits' })), names(cases).slice(0, 5));
});

test('a suite or a case that is none is said, with those that there are', () => {
  assert.throws(() => chooseCases(cases, { suite: 'fast' }), /no suite fast; there are all, limits/);
  assert.throws(() => chooseCases(cases, { only: 'exact_hit,nothing' }), /no case nothing; there are grpc_echo/);
});
