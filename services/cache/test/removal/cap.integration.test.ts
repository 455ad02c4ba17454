/** A tenant has so many entries and no more: the least used go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { Level, StatsRequestSchema } from '@refrain/contracts';
import { eventually, manualClock } from '@refrain/testkit';
import { byMeaning, exactly, startParts } from '../rig.ts';

const clock = manualClock(Date.now());
const cap = 10;
const { start } = await startParts();
const yaml = `cache: { maximumEntries: ${cap} }\n`;
const rig = await start({ nowMs: clock.now, yaml });

const question = (i: number) => `Write the number ${i} in words.`;
const isThere = async (tenant: string, i: number) => (await rig.get(tenant, question(i), exactly)).answer !== undefined;

/** Stores some, a moment apart. */
async function fill(tenant: string, from: number, to: number): Promise<string[]> {
  const names: string[] = [];
  for (let i = from; i < to; i += 1) {
    clock.advance(10_000);
    names.push((await rig.put(tenant, question(i), `It is ${i}.`)).entryId);
  }
  return names;
}

const usesOf = async (tenant: string, name: string) =>
  Math.floor(Number(await rig.state.command('ZSCORE', rig.keys.uses(tenant), name)));
/** How often Redis was asked each command since its counts began. */
async function commandCalls(): Promise<Map<string, number>> {
  const info = String(await rig.state.command('INFO', 'commandstats'));
  return new Map(
    [...info.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]),
  );
}
const sizeOf = async (tenant: string) => Number(await rig.state.command('ZCARD', rig.keys.uses(tenant)));
const evictions = async () => Number((await rig.client.stats(create(StatsRequestSchema))).evictions);

test('beyond the cap the least used go, the oldest of them first; the often used stay', async () => {
  const names = await fill('a', 0, cap);
  for (let round = 0; round < 3; round += 1) for (const i of [0, 1, 2]) assert.ok(await isThere('a', i));
  await eventually(async () => (await usesOf('a', names[2] ?? '')) === 4, { what: 'counted uses' });
  const before = await evictions();
  await fill('a', cap, cap + 10);
  assert.equal(await sizeOf('a'), cap);
  assert.equal((await evictions()) - before, 10);
  const stays = await Promise.all(Array.from({ length: cap + 10 }, (_, i) => isThere('a', i)));
  const expected = Array.from({ length: cap + 10 }, (_, i) => i < 3 || i >= 13);
  assert.deepEqual(stays, expected);
});

test('an exact hit costs Redis one GET, though its uses are counted', async () => {
  const names = await fill('cheap', 0, 1);
  await eventually(async () => (await usesOf('cheap', names[0] ?? '')) === 1);
  await rig.state.command('CONFIG', 'RESETSTAT');
  const began = performance.now();
  for (let i = 0; i < 40; i += 1) assert.ok(await isThere('cheap', 0));
  const calls = await commandCalls();
  const seconds = (performance.now() - began) / 1000;
  await eventually(async () => (await usesOf('cheap', names[0] ?? '')) === 41, { what: 'counted uses' });
  const written = (calls.get('eval') ?? 0) + (calls.get('evalsha') ?? 0);
  assert.equal(calls.get('get'), 40 + written, `${JSON.stringify([...calls])}`);
  assert.ok(written <= 1 + seconds, 'uses are written about once a second');
  assert.equal(calls.get('mget'), undefined);
});

test('what went is found by meaning no more, and leaves nothing behind', async () => {
  const [name = ''] = await fill('gone', 0, 1);
  await fill('gone', 1, cap + 1);
  const [id = '', key = ''] = name.split('.');
  assert.deepEqual(await rig.near.getMany({ tenant: 'gone', key }, [id], clock.now()), [undefined]);
  assert.ok(!(await rig.near.ids({ tenant: 'gone', key }, clock.now())).includes(id));
  for (const list of [rig.keys.lives('gone'), rig.keys.group('gone', { kind: 'partition', value: key })]) {
    assert.equal(await rig.state.command('ZSCORE', list, name), null);
  }
});

test('the popular of yesterday do not stay for ever: what comes later begins no lower than what had to go', async () => {
  const names = await fill('aging', 0, cap);
  for (let i = 0; i < 2; i += 1) assert.ok(await isThere('aging', 0));
  await eventually(async () => (await usesOf('aging', names[0] ?? '')) === 3, { what: 'counted uses' });
  await fill('aging', 100, 100 + 2 * cap);
  assert.ok(await isThere('aging', 0));
  await eventually(async () => (await usesOf('aging', names[0] ?? '')) >= 4, { what: 'counted use' });
  await fill('aging', 200, 200 + 6 * cap);
  assert.ok(!(await isThere('aging', 0)));
});

test('one tenant’s entries make no room for another’s', async () => {
  await fill('small', 0, 3);
  await fill('large', 0, 2 * cap);
  for (const i of [0, 1, 2]) assert.ok(await isThere('small', i));
  assert.equal(await sizeOf('small'), 3);
});

test('aliases count as entries, and go before what they stand for: no flood of other words fills Redis', async () => {
  rig.configure('cache: { maximumEntries: 2 }\n');
  await rig.put('words', 'What is the capital of Norway?', 'Oslo.');
  const words = ["What's the capital of Norway?", 'What is the capital of Norway ?', 'what is the capital of norway?'];
  for (const other of words) assert.equal((await rig.get('words', other, byMeaning)).answer?.text, 'Oslo.');
  await eventually(async () => (await sizeOf('words')) === 2, { what: 'room' });
  assert.equal((await rig.get('words', 'What is the capital of Norway?', exactly)).answer?.text, 'Oslo.');
  rig.configure(`cache: { maximumEntries: ${cap} }\n`);
});

test('filled templates count as entries: a flood of other fillings leaves no more than the cap', async () => {
  const template =
    '{ name: hours, pattern: "when does the {shop} open", answer: "The {shop} opens at nine.", serve: always }';
  rig.configure(`cache: { maximumEntries: ${cap} }\ntemplates: [${template}]\n`);
  const before = await evictions();
  const ask = async (i: number, levels: Level[] = [Level.EXACT, Level.TEMPLATE]) =>
    (await rig.get('filled', `When does the bakery ${i} open?`, levels)).answer?.text;
  for (let i = 0; i < cap + 5; i += 1) {
    assert.equal(await ask(i), `The bakery ${i} opens at nine.`);
    await eventually(async () => (await ask(i, exactly)) !== undefined, { what: 'the filled template' });
  }
  await eventually(async () => (await evictions()) - before === 5, { what: 'room' });
  assert.equal(await sizeOf('filled'), cap);
  rig.configure(`cache: { maximumEntries: ${cap} }\n`);
});

test('what Redis forgot by itself is no longer counted, and nothing has to go for it', async () => {
  const before = await evictions();
  await fill('short', 0, cap);
  clock.advance(26 * 3_600_000);
  await fill('short', cap, cap + 5);
  assert.equal(await sizeOf('short'), 5);
  assert.equal(await evictions(), before);
});
