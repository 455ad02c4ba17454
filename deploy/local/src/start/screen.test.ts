import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScreen } from './screen.ts';

test('what takes longer than a second is told, again and again until it ends; what is quick is not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let text = '';
  const screen = createScreen((more) => {
    text += more;
  });
  await screen.during('quick', Promise.resolve());
  const slow = Promise.withResolvers<void>();
  const during = screen.during('slow', slow.promise);
  t.mock.timers.tick(1000);
  t.mock.timers.tick(5000);
  slow.resolve();
  await during;
  t.mock.timers.tick(60_000);
  assert.match(text, /^(refrain: slow … \d+ s\n){2}$/);
});

test('what is waited for is told in the words of that moment', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let text = '';
  const screen = createScreen((more) => {
    text += more;
  });
  const slow = Promise.withResolvers<void>();
  let missing = 'redis down';
  const during = screen.during(() => `cache: getting ready (${missing})`, slow.promise);
  t.mock.timers.tick(1000);
  missing = 'chroma down';
  t.mock.timers.tick(5000);
  slow.resolve();
  await during;
  assert.match(
    text,
    /^refrain: cache: getting ready \(redis down\) … \d+ s\nrefrain: cache: getting ready \(chroma down\) … \d+ s\n$/,
  );
});
