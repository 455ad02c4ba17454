import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { Deadline } from '@refrain/resilience';
import { manualClock } from '@refrain/testkit';
import { all } from '../../test/question.ts';
import { Patience } from './patience.ts';

/** A source that says what it is told to; `left` once its reader has gone. */
function source(...events: readonly string[]) {
  const state = { left: false };
  const waiting = [...events];
  const iterator: AsyncIterator<string> = {
    next: () => {
      const value = waiting.shift();
      if (value === undefined) return new Promise(() => undefined);
      return Promise.resolve(value === 'end' ? { done: true, value: undefined } : { done: false, value });
    },
    return: async () => {
      state.left = true;
      return { done: true, value: undefined };
    },
  };
  return { state, events: { [Symbol.asyncIterator]: () => iterator } };
}

function withTime(t: TestContext, deadlineMs: number) {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const clock = manualClock();
  const pass = (ms: number) => {
    clock.advance(ms);
    mock.timers.tick(ms);
  };
  return { deadline: new Deadline(deadlineMs, clock), pass };
}
const present = () => new AbortController().signal;

test('events pass through to their end', async (t) => {
  const { deadline } = withTime(t, 1000);
  const { events, state } = source('a', 'b', 'end');
  assert.deepEqual(await all(new Patience(deadline, present()).limit(events)), ['a', 'b']);
  assert.equal(state.left, true);
});

test('until somebody speaks a tenth of the time is kept back, at most a quarter of a second', async (t) => {
  for (const [deadlineMs, endsAtMs] of [
    [1000, 900],
    [60_000, 59_750],
  ] as const) {
    const { deadline, pass } = withTime(t, deadlineMs);
    const { events, state } = source();
    const ended = assert.rejects(new Patience(deadline, present()).limit(events).next(), { code: 'deadline' });
    pass(endsAtMs - 1);
    await Promise.resolve();
    assert.equal(state.left, false);
    pass(1);
    await ended;
    assert.equal(state.left, true);
    mock.timers.reset();
  }
});

test('once somebody speaks the whole time counts', async (t) => {
  const { deadline, pass } = withTime(t, 1000);
  const { events, state } = source('a');
  const patience = new Patience(deadline, present());
  const listening = patience.limit(events);
  await listening.next();
  pass(800);
  patience.extend();
  const ended = assert.rejects(listening.next(), { code: 'deadline' });
  pass(199);
  await Promise.resolve();
  assert.equal(state.left, false);
  pass(1);
  await ended;
});

test('who leaves is heard at once, also while it does not read', async (t) => {
  const { deadline } = withTime(t, 1000);
  const { events, state } = source('a');
  const gone = new AbortController();
  const listening = new Patience(deadline, gone.signal).limit(events);
  await listening.next();
  gone.abort();
  await Promise.resolve();
  assert.equal(state.left, true);
  await assert.rejects(listening.next(), { code: 'canceled' });
});

test('the deadline too leaves a source that nobody reads', async (t) => {
  const { deadline, pass } = withTime(t, 1000);
  const { events, state } = source('a');
  const listening = new Patience(deadline, present()).limit(events);
  await listening.next();
  pass(1000);
  await Promise.resolve();
  assert.equal(state.left, true);
});

test('no time at all is over at once, without an answer', async (t) => {
  const { deadline, pass } = withTime(t, 0);
  const { events } = source();
  const ended = assert.rejects(new Patience(deadline, present()).limit(events).next(), { code: 'deadline' });
  pass(1);
  await ended;
});
