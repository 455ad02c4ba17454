import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Level, Source } from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import { byMeaning, exactly, startParts, summary } from './rig.ts';

const { redis, start } = await startParts();
const rig = await start({ redisMs: 150 });

const question = 'What is the capital of Italy?';
const works = () => eventually(async () => (await rig.put('a', question, 'Rome.')).stored, { what: 'redis' });

async function timed<T>(call: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const value = await call();
  return [value, performance.now() - start];
}

test('a frozen Redis costs a lookup its deadline once or twice, then nothing, and is used again when it wakes', async () => {
  await works();
  redis.freeze();
  const [first, firstMs] = await timed(() => rig.get('a', question));
  assert.equal(summary(first), 'empty', 'the template level needs no Redis and is asked too');
  assert.ok(firstMs < 400, `${firstMs} ms`);
  await eventually(async () => (await timed(() => rig.get('a', question)))[1] < 50, { what: 'the breaker' });
  assert.equal(summary(await rig.get('a', question, [Level.EXACT, Level.SEMANTIC])), 'redis_down');
  const refused = await rig.put('a', question, 'Rome.');
  assert.deepEqual([refused.stored, refused.refusedReason], [false, 'redis_down']);
  redis.thaw();
  await works();
  assert.deepEqual(summary(await rig.get('a', question)), ['Rome.', Source.EXACT]);
});

test('a killed Redis is a miss at once; templates go on; what was lost is a miss when it is back', async () => {
  await works();
  await redis.kill();
  const [missed, milliseconds] = await timed(() => rig.get('a', question, exactly));
  assert.equal(summary(missed), 'redis_down');
  assert.ok(milliseconds < 400, `${milliseconds} ms`);
  assert.deepEqual(summary(await rig.get('a', 'When does the bakery open?')), [
    'The bakery opens at nine.',
    Source.TEMPLATE,
  ]);
  await redis.restart({ empty: true });
  await eventually(() => rig.state.ready);
  await eventually(async () => summary(await rig.get('a', question, exactly)) === 'empty');
  assert.equal(summary(await rig.get('a', "What's the capital of Italy?", byMeaning)), 'empty');
});

test('after Redis was flushed the index’ memory serves nothing, and does not stand before what is new', async () => {
  // Nothing is away here: it may take its time.
  const calm = await start();
  for (const place of ['Austria', 'Poland', 'Greece', 'Turkey', 'Egypt', 'Kenya']) {
    await calm.put('a', `What is the capital of ${place}?`, place);
  }
  await calm.indexed();
  await calm.state.command('FLUSHALL');
  assert.equal(summary(await calm.get('a', "What's the capital of Austria?", byMeaning)), 'empty');
  await calm.put('a', 'Who painted the Mona Lisa?', 'Leonardo.');
  await calm.indexed();
  assert.deepEqual(summary(await calm.get('a', 'Who painted Mona Lisa?', byMeaning)), ['Leonardo.', Source.SEMANTIC]);
  assert.equal(summary(await calm.get('a', "What's the capital of Austria?", byMeaning)), 'below_threshold');
});

test('an entry that Redis evicted is a miss, and another that is near is still found', async () => {
  const { entryId } = await rig.put('evict', 'How long is the river Rhine?', '1,230 km.');
  await rig.put('evict', 'How long is the river Elbe?', '1,094 km.');
  await rig.indexed();
  const [id, key] = entryId.split('.');
  assert.equal(await rig.state.remove([rig.keys.near('evict', key ?? '', id ?? '')]), 1);
  assert.equal(summary(await rig.get('evict', 'How long is the river Rhine ?', byMeaning)), 'entity');
  assert.deepEqual(summary(await rig.get('evict', 'How long is the river Elbe ?', byMeaning)), [
    '1,094 km.',
    Source.SEMANTIC,
  ]);
});

test('what is no entry, under an entry’s name, is a miss that says so', async () => {
  const { entryId } = await rig.put('broken', question, 'Rome.');
  const [id] = entryId.split('.');
  await rig.state.set(rig.keys.exact('broken', id ?? ''), Buffer.from('not an entry'), { ttlMs: 60_000 });
  assert.equal(summary(await rig.get('broken', question, exactly)), 'bad_entry');
});
