import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missed, type Outcome } from './case.ts';
import { median, runLoad } from './load.ts';

test('as many callers ask as are to be in flight, until the calls are used up', async () => {
  let running = 0;
  let most = 0;
  const call = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return undefined;
  };
  const round = await runLoad(call, { inFlight: 4, seconds: 10, maximumCalls: 100 });
  assert.equal(most, 4);
  assert.ok(round.count >= 100 && round.count < 104);
});

test('a call’s own latency counts; a miss is counted apart and has none', async () => {
  const outcomes: Outcome[] = [5, missed, 1, 3];
  let next = 0;
  const call = async () => outcomes[next++];
  const round = await runLoad(call, { inFlight: 1, seconds: 10, maximumCalls: 3 });
  assert.deepEqual([round.count, round.missed, round.p50, round.p99], [3, 1, 3, 5]);
});

test('the first error ends the round', async () => {
  const call = () => Promise.reject(new Error('wrong source'));
  await assert.rejects(runLoad(call, { inFlight: 2, seconds: 10, maximumCalls: 10 }), /wrong source/);
});

test('a median of an odd number of figures is the middle one', () => {
  assert.equal(median([3, 1, 2]), 2);
});
