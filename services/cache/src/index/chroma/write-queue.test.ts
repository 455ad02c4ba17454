import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@refrain/testkit';
import { type Batch, WriteQueue } from './write-queue.ts';

const vector = new Float32Array([1]);
const a = { tenant: 't', key: 'a' };
const b = { tenant: 't', key: 'b' };

function recorder() {
  const batches: [string, string[]][] = [];
  const flush = async ({ partition, writes }: Batch) => {
    batches.push([partition.key, [...writes].map(([id, each]) => (each ? id : `-${id}`))]);
  };
  return { batches, flush };
}

test('writes that come together go together, partition by partition, and are counted until they are done', async () => {
  const { batches, flush } = recorder();
  const queue = new WriteQueue(flush, 1);
  queue.put(a, '1', vector);
  queue.put(b, '2', vector);
  queue.put(a, '3', vector);
  queue.remove(a, '4');
  assert.equal(queue.pending, 4);
  await eventually(() => queue.pending === 0);
  assert.deepEqual(batches, [
    ['a', ['1', '3', '-4']],
    ['b', ['2']],
  ]);
});

test('a removal does not undo a write that waits; a write undoes a removal', async () => {
  const { batches, flush } = recorder();
  const queue = new WriteQueue(flush, 1);
  queue.put(a, '1', vector);
  queue.remove(a, '1');
  queue.remove(a, '2');
  queue.put(a, '2', vector);
  await eventually(() => queue.pending === 0);
  assert.deepEqual(batches, [['a', ['1', '2']]]);
});

test('what is not written yet can be read, while it waits and while it is being written', async () => {
  const unwritten = () => [...queue.unwritten('a')].map(({ id }) => id);
  const seen: string[][] = [];
  const queue = new WriteQueue(async () => {
    queue.put(a, '3', vector);
    seen.push(unwritten());
    queue.discard('a');
  }, 1);
  queue.put(a, '1', vector);
  queue.remove(a, '2');
  queue.put(b, '4', vector);
  assert.deepEqual(unwritten(), ['1']);
  await eventually(() => queue.pending === 0);
  assert.deepEqual(seen, [['1', '3'], ['3']]);
  assert.deepEqual(unwritten(), []);
});

test('what comes while a batch runs is written after it', async () => {
  const { batches, flush } = recorder();
  const queue = new WriteQueue(async (batch) => {
    if (batches.length === 0) queue.put(a, 'later', vector);
    await flush(batch);
  }, 1);
  queue.put(a, 'now', vector);
  await eventually(() => queue.pending === 0);
  assert.deepEqual(batches, [
    ['a', ['now']],
    ['a', ['later']],
  ]);
});

test('a dropped partition is not written, a full queue takes nothing, a stopped one writes nothing', async () => {
  const { batches, flush } = recorder();
  const queue = new WriteQueue(flush, 1);
  for (let i = 0; i < 20_000; i += 1) assert.ok(queue.put(a, String(i), vector));
  assert.equal(queue.put(b, '1', vector), false);
  queue.discard('a');
  assert.equal(queue.pending, 0);
  assert.ok(queue.put(b, '2', vector));
  await queue.stop();
  assert.deepEqual([queue.pending, batches], [0, []]);
});
