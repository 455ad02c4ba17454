import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from '@refrain/service';
import { PartTimes } from './part-times.ts';

test('each part is counted by itself, also when it fails, and its result or error is passed on', async () => {
  const metrics = new Metrics('cache');
  const times = new PartTimes(metrics);
  assert.equal(await times.taken('index', () => 5), 5);
  assert.equal(await times.taken('index', async () => 6), 6);
  await assert.rejects(
    times.taken('redis', () => Promise.reject(new Error('away'))),
    /away/,
  );
  const text = await metrics.text();
  const countOf = (part: string) =>
    new RegExp(`part_seconds_count\\{[^}]*part="${part}"[^}]*\\} (\\d+)`).exec(text)?.[1];
  assert.deepEqual([countOf('index'), countOf('redis'), countOf('verify')], ['2', '1', undefined]);
});
