import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Look, Meter } from './meter.ts';

const miss: Look = { spentMs: 10, hit: false, savedMs: 1000, savedNanoUsd: 0n };
const free: Look = { ...miss, hit: true };

/** A meter by a clock that goes ten minutes on with each look, so that lookups alone count. */
function timeless(): Meter {
  let nowMs = 0;
  return new Meter(() => {
    nowMs += 10 * 60_000;
    return nowMs;
  });
}

/** Looks so often; every `everyth` look is `hit`. Gives what the meter said. */
function run(meter: Meter, looks: number, everyth: number, hit: Look): string[] {
  const said: string[] = [];
  for (let i = 1; i <= looks; i += 1) {
    const switched = meter.looked(i % everyth === 0 ? hit : miss);
    if (switched) said.push(switched);
  }
  return said;
}
const never = Number.POSITIVE_INFINITY;

test('where nothing is ever found the level goes off, but not before five hundred lookups', () => {
  const meter = timeless();
  assert.deepEqual(run(meter, 499, never, free), []);
  assert.equal(meter.on, true);
  assert.deepEqual(run(meter, 1, never, free), ['off']);
});

test('a free local model: one hit in fifty saves a second each, more than the looking takes', () => {
  const meter = timeless();
  assert.deepEqual(run(meter, 2000, 50, free), []);
  assert.equal(meter.on, true);
});

test('one hit in five hundred does not pay with time alone, and does with money', () => {
  assert.deepEqual(run(timeless(), 500, 500, free), ['off']);
  assert.deepEqual(run(timeless(), 500, 500, { ...free, savedNanoUsd: 1000n }), []);
});

test('where nobody knows how long an answer takes, any hit pays', () => {
  assert.deepEqual(run(timeless(), 500, 500, { ...free, savedMs: undefined }), []);
});

test('when it is off one lookup in twenty is a probe, and probes that win bring it back', () => {
  const meter = timeless();
  run(meter, 500, never, free);
  const probes = Array.from({ length: 400 }, () => meter.mayLook()).filter((probe) => probe);
  assert.equal(probes.length, 20);
  assert.deepEqual(run(meter, 20, 10, free), ['on']);
  assert.equal(meter.mayLook(), true);
});

test('probes that lose leave it off', () => {
  const meter = timeless();
  run(meter, 500, never, free);
  assert.deepEqual(run(meter, 100, never, free), []);
  assert.equal(meter.on, false);
});

test('ten minutes of filling a partition are not held against it, however many lookups they had', () => {
  let nowMs = 0;
  const meter = new Meter(() => nowMs);
  assert.deepEqual(run(meter, 20_000, never, free), []);
  nowMs = 10 * 60_000;
  assert.deepEqual(run(meter, 1, never, free), ['off']);
});
