import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToldAnswers } from './told-answers.ts';

const frames = [new Uint8Array([1]), new Uint8Array([2, 3])];
const clockAt = (start: number) => {
  let now = start;
  return {
    now: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
};

test('an answer can be told again for five seconds', () => {
  const clock = clockAt(1000);
  const told = new ToldAnswers(clock);
  told.put('a', frames);
  clock.advance(4999);
  assert.deepEqual(told.get('a'), frames);
  clock.advance(1);
  assert.equal(told.get('a'), undefined);
});

test('what is kept has a bound: the oldest make room', () => {
  const told = new ToldAnswers(clockAt(0));
  const large = [new Uint8Array(30 * 1024 * 1024)];
  for (const name of ['a', 'b', 'c']) told.put(name, large);
  assert.deepEqual([told.get('a'), told.get('b') === large, told.get('c') === large], [undefined, true, true]);
});
