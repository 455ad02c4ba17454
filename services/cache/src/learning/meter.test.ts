import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Look, Meter } from './meter.ts';

const miss: Look = { spentMs: 10, hit: false, savedMs: 1000, savedNanoUsd: 0n };
const free: Look = { ...miss, hit: true };

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
  const meter = new Meter();
  assert.deepEqual(run(meter, 499, never, free), []);
  assert.equal(meter.on, true);
  assert.deepEqual(run(meter, 1, never, free), ['off']);
});

test('a free local model: one hit in fifty saves a second each, more than the looking takes', () => {
  const meter = new Meter();
  assert.deepEqual(run(meter, 2000, 50, free), []);
  assert.equal(meter.on, true);
});

test('one hit in five hundred does not pay with time alone, and does with money', () => {
  assert.deepEqual(run(new Meter(), 500, 500, free), ['off']);
  assert.deepEqual(run(new Meter(), 500, 500, { ...free, savedNanoUsd: 1000n }), []);
});

test('where nobody knows how long an answer takes, any hit pays', () => {
  assert.deepEqual(run(new Meter(), 500, 500, { ...free, savedMs: undefined }), []);
});

test('when it is off one lookup in twenty is a probe, and probes that win bring it back', () => {
  const meter = new Meter();
  run(meter, 500, never, free);
  const probes = Array.from({ length: 400 }, () => meter.mayLook()).filter((probe) => probe);
  assert.equal(probes.length, 20);
  assert.deepEqual(run(meter, 20, 10, free), ['on']);
  assert.equal(meter.mayLook(), true);
});

test('probes that lose leave it off', () => {
  const meter = new Meter();
  run(meter, 500, never, free);
  assert.deepEqual(run(meter, 100, never, free), []);
  assert.equal(meter.on, false);
});
