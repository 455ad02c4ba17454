import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { type StoreManyRequest, StoreManyResponseSchema, StoreRequestSchema } from '@refrain/contracts';
import { Offers } from './offers.ts';

/** Offers before a cache that keeps all but those of the tenant "none"; `calls` has the tenants of each call. */
function withCache(answer?: (request: StoreManyRequest) => { refusedReason: string }[]) {
  const calls: string[][] = [];
  const cache = {
    storeMany: async (request: StoreManyRequest) => {
      calls.push(request.requests.map(({ tenant }) => tenant));
      const responses = request.requests.map(({ tenant }) => ({ refusedReason: tenant === 'none' ? 'full' : '' }));
      return create(StoreManyResponseSchema, { responses: answer?.(request) ?? responses });
    },
  };
  return { offers: new Offers(cache), calls };
}
const from = (tenant: string, text = 'A monoid.') => create(StoreRequestSchema, { tenant, answer: { text } });

test('what is offered in one turn is one call, and each hears what became of its own', async () => {
  const { calls, offers } = withCache();
  const responses = await Promise.all(['a', 'none', 'b'].map((tenant) => offers.send(from(tenant))));
  assert.deepEqual(calls, [['a', 'none', 'b']]);
  assert.deepEqual(
    responses.map(({ refusedReason }) => refusedReason),
    ['', 'full', ''],
  );
  await offers.send(from('c'));
  assert.deepEqual(calls.at(-1), ['c']);
});

test('no call has more than 32, and none waits longer for that', async () => {
  const { calls, offers } = withCache();
  await Promise.all(Array.from({ length: 70 }, (_, n) => offers.send(from(`${n}`))));
  assert.deepEqual(
    calls.map(({ length }) => length),
    [32, 32, 6],
  );
});

test('a long answer goes alone, at once', async () => {
  const { calls, offers } = withCache();
  const sent = [from('a'), from('long', 'x'.repeat(200_000)), from('b')].map((request) => offers.send(request));
  assert.deepEqual(calls, [['long']]);
  await Promise.all(sent);
  assert.deepEqual(calls, [['long'], ['a', 'b']]);
});

test('a cache that fails, or tells of fewer than it was offered, is heard of by all', async () => {
  const failing = withCache(() => assert.fail('gone'));
  const short = withCache(() => [{ refusedReason: '' }]);
  for (const { offers } of [failing, short]) {
    const outcomes = await Promise.allSettled([offers.send(from('a')), offers.send(from('b'))]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
  }
});
