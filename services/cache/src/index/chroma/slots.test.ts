import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@refrain/testkit';
import { Slots } from './slots.ts';

const found = (key: string, isOutdated = false) => ({ key, name: `on the server ${key}`, isOutdated });

function filled(...names: string[]) {
  const clock = manualClock();
  const slots = new Slots<string>(clock.now);
  for (const name of names) {
    slots.open(name, `on the server ${name}`, `collection ${name}`);
    clock.advance(10);
  }
  return { clock, slots };
}

test('the least recently used makes room, once it has rested', () => {
  const { clock, slots } = filled('a', 'b', 'c');
  clock.advance(61_000);
  slots.touch('a');
  assert.equal(slots.evictable(false)?.key, 'b');
  slots.forget('b');
  assert.equal(slots.evictable(false)?.key, 'c');
  slots.touch('c');
  assert.equal(slots.evictable(false), undefined);
});

test('one that cannot do without waits a second, not a minute', () => {
  const { clock, slots } = filled('a');
  assert.equal(slots.evictable(true), undefined);
  clock.advance(2000);
  assert.deepEqual([slots.evictable(false), slots.evictable(true)], [undefined, { key: 'a', name: 'on the server a' }]);
});

test('what the server has counts, opened here or not; what counts for no partition goes first; what it has lost is forgotten', () => {
  const { clock, slots } = filled('a', 'b');
  slots.sync([found('b'), found('found'), found('old', true)]);
  assert.deepEqual([slots.size, slots.has('a'), slots.touch('found')?.collection], [3, false, undefined]);
  assert.equal(slots.evictable(false)?.key, 'old');
  slots.forget('old');
  clock.advance(61_000);
  slots.touch('b');
  assert.equal(slots.evictable(false)?.key, 'found');
});

test('a collection that is opened has still to be filled', () => {
  const { slots } = filled('a');
  assert.deepEqual([slots.touch('a')?.filled, slots.touch('a')?.collection], [false, 'collection a']);
  slots.sync([found('a')]);
  assert.equal(slots.touch('a')?.collection, 'collection a');
  slots.clear();
  assert.equal(slots.size, 0);
});

test('a collection of the next generation takes the place of the old, which is forgotten by its own name alone', () => {
  const { slots } = filled('a');
  slots.open('a', 'next', 'the next');
  slots.forget('a', 'on the server a');
  slots.fill('a', 'on the server a');
  assert.deepEqual([slots.touch('a')?.collection, slots.touch('a')?.filled], ['the next', false]);
  slots.fill('a', 'next');
  assert.equal(slots.touch('a')?.filled, true);
  assert.deepEqual(slots.opened(), [['a', 'next']]);
  slots.forget('a', 'next');
  assert.equal(slots.size, 0);
});
