import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Level, Source } from '@refrain/contracts';
import { eventually, manualClock, startChroma, startRedis, type TestServer } from '@refrain/testkit';
import type { EmbedderProcess } from '../src/embedder/embedder-process.ts';
import { byMeaning, exactly, type Rig, startEmbedder, startRig, summary } from './rig.ts';

const hour = 3_600_000;
const clock = manualClock(Date.now());
let redis: TestServer;
let chroma: TestServer;
let embedder: EmbedderProcess;
let rig: Rig;
before(async () => {
  [redis, chroma, embedder] = await Promise.all([startRedis(), startChroma(), startEmbedder()]);
  rig = await startRig({ redisUrl: redis.url, chromaUrl: chroma.url, embedder, nowMs: clock.now });
});
after(async () => {
  await rig.stop();
  await Promise.all([embedder.stop(), redis.stop(), chroma.stop()]);
});

/** Milliseconds Redis gives a tenant's only entry of a kind, or its list. */
async function left(kind: 'x' | 's' | 'p', tenant: string): Promise<number> {
  const pattern = rig.keys.pattern(tenant).replace(/\*$/, `${kind}:*`);
  for await (const [key] of rig.state.scan(pattern)) if (key) return Number(await rig.state.command('PTTL', key));
  return Number.NaN;
}

const isAbout = (value: number, milliseconds: number) => value <= milliseconds && value > milliseconds - 10_000;

test('an exact entry lives an hour, one found by meaning half an hour, and a day more to be served stale', async () => {
  await rig.put('ttl', 'How tall is Mont Blanc?', '4,806 m.');
  assert.ok(isAbout(await left('x', 'ttl'), 25 * hour));
  assert.ok(isAbout(await left('s', 'ttl'), 24.5 * hour));
  assert.ok(isAbout(await left('p', 'ttl'), 24.5 * hour));
});

test('a filled template lives a day', async () => {
  await rig.get('ttl-template', 'When does the bakery open?');
  await eventually(async () => isAbout(await left('x', 'ttl-template'), 24 * hour));
});

test('a hit says how old the answer is and how long it is fresh, and renews nothing', async () => {
  clock.advance(90_000);
  const { answer } = await rig.get('ttl', 'How tall is Mont Blanc?');
  assert.equal(answer?.provenance?.ageSeconds, 90);
  const near = await rig.get('ttl', 'How tall is the Mont Blanc?', byMeaning);
  assert.deepEqual([near.answer?.provenance?.source, near.answer?.provenance?.ageSeconds], [Source.SEMANTIC, 90]);
  assert.deepEqual([near.revalidate, near.answer?.provenance?.ttlSeconds], [false, 1710]);
  clock.advance(hour / 2 - 90_000);
  const over = await rig.get('ttl', 'How tall is the Mont Blanc?', byMeaning);
  assert.deepEqual([over.revalidate, over.answer?.provenance?.ttlSeconds], [true, 0]);
  clock.advance(60_000);
  assert.equal(summary(await rig.get('ttl', 'How tall is the Mont Blanc?', byMeaning)), 'empty');
  assert.deepEqual(summary(await rig.get('ttl', 'How tall is Mont Blanc?', exactly)), ['4,806 m.', Source.EXACT]);
  clock.advance(hour / 2);
  assert.equal(summary(await rig.get('ttl', 'How tall is Mont Blanc?', exactly)), 'expired');
});

test('what has expired leaves the partition’s list and the index when something new is stored', async () => {
  await rig.put('sweep', 'How tall is the Eiffel Tower?', '330 m.');
  await rig.indexed();
  clock.advance(hour);
  await rig.put('sweep', 'How tall is Big Ben?', '96 m.');
  await rig.indexed();
  const { entryId } = await rig.put('sweep', 'How tall is Big Ben?', '96 m.');
  await rig.indexed();
  const [id = '', key = ''] = entryId.split('.');
  const partition = { tenant: 'sweep', key };
  assert.deepEqual(await rig.near.ids(partition, clock.now()), [id]);
  assert.deepEqual(await rig.chroma.query(partition, await embedder.embed('How tall is Big Ben?'), 5, 1), [id]);
});

test('a template’s entry and a model’s are told apart when the template goes', async () => {
  await rig.get('gone', 'When does the museum open?');
  await eventually(async () => (await rig.get('gone', 'When does the museum open?', exactly)).answer !== undefined);
  rig.configure('');
  assert.equal(summary(await rig.get('gone', 'When does the museum open?', exactly)), 'template_changed');
  assert.equal(summary(await rig.get('gone', 'When does the museum open?', [Level.TEMPLATE])), 'empty');
});
