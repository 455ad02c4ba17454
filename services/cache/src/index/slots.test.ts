import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@refrain/testkit';
import { Slots } from './slots.ts';

const current = () => false;

function filled(...names: string[]) {
  const clock = manualClock();
  const slots = new Slots<string>(clock.now);
  for (const name of names) {
    slots.open(name, `collection ${name}`);
    clock.advance(10);
  }
  return { clock, slots };
}

test('the least recently used makes room, once it has rested', () => {
  const { clock, slots } = filled('a', 'b', 'c');
  clock.advance(61_000);
  slots.touch('a');
  assert.equal(slots.evictable(false), 'b');
  slots.forget('b');
  assert.equal(slots.evictable(false), 'c');
  slots.touch('c');
  assert.equal(slots.evictable(false), undefined);
});

test('one that cannot do without waits a second, not a minute', () => {
  const { clock, slots } = filled('a');
  assert.equal(slots.evictable(true), undefined);
  clock.advance(2000);
  assert.deepEqual([slots.evictable(false), slots.evictable(true)], [undefined, 'a']);
});

test('what the server has counts, opened here or not; of another model it goes first; what it has lost is forgotten', () => {
  const { clock, slots } = filled('a', 'b');
  slots.sync(['b', 'found', 'old'], (name) => name === 'old');
  assert.deepEqual([slots.size, slots.has('a'), slots.touch('found')?.collection], [3, false, undefined]);
  assert.equal(slots.evictable(false), 'old');
  slots.forget('old');
  clock.advance(61_000);
  slots.touch('b');
  assert.equal(slots.evictable(false), 'found');
});

test('a collection that is opened has still to be filled', () => {
  const { slots } = filled('a');
  assert.deepEqual([slots.touch('a')?.filled, slots.touch('a')?.collection], [false, 'collection a']);
  slots.sync(['a'], current);
  assert.equal(slots.touch('a')?.collection, 'collection a');
  slots.clear();
  assert.equal(slots.size, 0);
});
