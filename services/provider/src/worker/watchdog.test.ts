import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import type { RefrainError } from '@refrain/errors';
import { Watchdog } from './watchdog.ts';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
});

function setUp(limits = {}) {
  const stops: RefrainError[] = [];
  const watchdog = new Watchdog({ firstChunkMs: 100, interChunkMs: 50, remainingMs: 1000, ...limits }, (reason) =>
    stops.push(reason),
  );
  return { watchdog, stops };
}
const silent = ['unavailable', 'UPSTREAM_SILENT'];

test('an upstream that says nothing is stopped at the first limit', () => {
  const { stops } = setUp();
  mock.timers.tick(99);
  assert.equal(stops.length, 0);
  mock.timers.tick(1);
  assert.deepEqual([stops[0]?.code, stops[0]?.reason], silent);
});

test('keep-alives before the first word do not hold the gate open, signs of work do', () => {
  const idle = setUp();
  const working = setUp();
  mock.timers.tick(60);
  idle.watchdog.heard(false);
  working.watchdog.heard(true);
  mock.timers.tick(40);
  assert.equal(idle.stops.length, 1);
  assert.equal(working.stops.length, 0);
});

test('after the first word every sign of life counts, and silence between is stopped', () => {
  const { watchdog, stops } = setUp();
  watchdog.heard(true);
  for (let i = 0; i < 10; i += 1) {
    mock.timers.tick(49);
    watchdog.heard(i % 2 === 0);
  }
  assert.equal(stops.length, 0);
  mock.timers.tick(50);
  assert.deepEqual([stops[0]?.code, stops[0]?.reason], silent);
});

test('the deadline of the request holds however lively the upstream is', () => {
  const { watchdog, stops } = setUp({ remainingMs: 120 });
  for (let i = 0; i < 4; i += 1) {
    watchdog.heard(true);
    mock.timers.tick(30);
  }
  assert.deepEqual(
    stops.map((each) => each.code),
    ['deadline'],
  );
});

test('after the end nothing is stopped any more', () => {
  const { watchdog, stops } = setUp();
  watchdog.heard(true);
  watchdog.end();
  mock.timers.tick(10_000);
  assert.equal(stops.length, 0);
});
