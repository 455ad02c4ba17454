import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { AnswerSchema, InvalidateRequestSchema, Source } from '@refrain/contracts';
import { eventually, manualClock, silentLog } from '@refrain/testkit';
import { ChromaClient } from 'chromadb';
import { answerOf, byMeaning, chatOf, exactly, startParts, summary } from '../rig.ts';

/** What was said in the log, as it was said. */
const lines: { fields: Record<string, unknown>; message: string }[] = [];
const log = {
  ...silentLog,
  info: (fields: object, message: string) => void lines.push({ fields: { ...fields }, message }),
  error: (fields: object, message: string) => void lines.push({ fields: { ...fields }, message }),
};
const audited = () => lines.filter(({ fields }) => fields.audit === 'cache.invalidate').map(({ fields }) => fields);

/** Where Chroma's own client looks. */
function chromaAddress() {
  const { hostname, port } = new URL(chroma.url);
  return { host: hostname, port: Number(port), ssl: false };
}

const clock = manualClock(Date.now());
const { redis, chroma, embedder, start } = await startParts();
const rig = await start({ nowMs: clock.now, log });

test('an entry that was removed is found by nobody, and another tenant’s name for it removes nothing', async () => {
  const { entryId } = await rig.put('a', 'What is the capital of Norway?', 'Oslo.');
  await rig.indexed();
  const selector = { case: 'entryId' as const, value: entryId };
  assert.equal(await rig.remove('b', selector), 0);
  assert.equal(await rig.remove('a', selector, true), 1);
  assert.deepEqual(summary(await rig.get('a', 'What is the capital of Norway?')), ['Oslo.', Source.EXACT]);
  assert.equal(await rig.remove('a', selector), 1);
  assert.equal(summary(await rig.get('a', 'What is the capital of Norway?')), 'empty');
  assert.equal(summary(await rig.get('a', "What's the capital of Norway?", byMeaning)), 'empty');
  assert.equal(await rig.remove('a', selector), 0);
});

test('an entry named by a semantic hit is the one that is removed', async () => {
  await rig.put('a', 'What is the capital of Chile?', 'Santiago.');
  await rig.indexed();
  const { answer } = await rig.get('a', "What's the capital of Chile?", byMeaning);
  assert.equal(await rig.remove('a', { case: 'entryId', value: answer?.provenance?.entryId ?? '' }), 1);
  assert.equal(summary(await rig.get('a', 'What is the capital of Chile?')), 'empty');
});

test('a partition goes whole, also what is no longer found by meaning, and its neighbour stays', async () => {
  const pirate = (question: string) => chatOf(question, { model: 'pirate' });
  const { entryId } = await rig.put('p', 'How deep is Loch Ness?', '230 m.');
  clock.advance(1_900_000);
  await rig.put('p', 'How long is Loch Ness?', '36 km.');
  await rig.put('p', pirate('How deep is Loch Ness?'), 'Deep.');
  await rig.indexed();
  const selector = { case: 'partition' as const, value: entryId.split('.')[1] ?? '' };
  assert.equal(await rig.remove('p', selector, true), 2);
  assert.equal(await rig.remove('p', selector), 2);
  assert.equal(summary(await rig.get('p', 'How deep is Loch Ness?')), 'empty');
  assert.equal(summary(await rig.get('p', 'How long is Loch Ness?')), 'empty');
  assert.deepEqual(summary(await rig.get('p', pirate('How deep is Loch Ness?'))), ['Deep.', Source.EXACT]);
  await rig.put('p', 'How long is Loch Ness?', '36 km.');
  await rig.indexed();
  assert.deepEqual(summary(await rig.get('p', 'How long is the Loch Ness?', byMeaning)), ['36 km.', Source.SEMANTIC]);
});

test('a whole tenant goes without touching its neighbour', async () => {
  for (const tenant of ['gone', 'stays']) {
    await rig.put(tenant, 'How far is the moon?', '384,400 km.');
    await rig.put(tenant, chatOf('How far is the moon?', { model: 'fast' }), '384,400 km.');
  }
  const all = { case: 'all' as const, value: true };
  assert.equal(await rig.remove('gone', all, true), 2);
  assert.equal(await rig.remove('gone', all), 2);
  assert.equal(summary(await rig.get('gone', 'How far is the moon?')), 'empty');
  assert.deepEqual(summary(await rig.get('stays', 'How far is the moon?')), ['384,400 km.', Source.EXACT]);
});

const tag = (value: string) => ({ case: 'tag' as const, value });
const model = (value: string) => ({ case: 'model' as const, value });

test('a tag takes out what was stored under it, on both levels, and nothing else', async () => {
  await rig.put('t', 'How long is the Rhine?', '1,230 km.', 3, { tags: ['rivers', 'germany'] });
  await rig.put('t', 'How long is the Danube?', '2,850 km.', 3, { tags: ['rivers'] });
  await rig.put('t', 'How high is the Brocken?', '1,141 m.', 3, { tags: ['germany'] });
  await rig.put('u', 'How long is the Rhine?', '1,230 km.', 3, { tags: ['rivers'] });
  assert.equal(await rig.remove('t', tag('rivers'), true), 2);
  assert.equal(await rig.remove('t', tag('rivers')), 2);
  assert.equal(summary(await rig.get('t', 'How long is the Rhine?', exactly)), 'empty');
  assert.equal((await rig.get('t', 'How long is the Rhine ?', byMeaning)).answer, undefined);
  assert.deepEqual(summary(await rig.get('t', 'How high is the Brocken?', exactly)), ['1,141 m.', Source.EXACT]);
  assert.deepEqual(summary(await rig.get('u', 'How long is the Rhine?', exactly)), ['1,230 km.', Source.EXACT]);
  assert.equal(await rig.remove('t', tag('rivers')), 0);
  assert.equal(await rig.remove('t', tag('germany'), true), 1);
});

test('a tag of more entries than are read at once goes whole', async () => {
  const many = 1050;
  const question = (i: number) => chatOf(`\`\`\`js\nconst a = ${i};\n\`\`\`\nWhat is this?`);
  const store = async (i: number) =>
    (await rig.put('many', question(i), 'A constant.', 3, { tags: ['constants'] })).stored;
  // On a busy machine Redis may be late.
  for (let i = 0; i < many; i += 1) await eventually(() => store(i));
  assert.equal(await rig.remove('many', tag('constants'), true), many);
  await rig.remove('many', tag('constants'));
  assert.equal(await rig.remove('many', tag('constants'), true), 0);
  assert.equal(await rig.remove('many', { case: 'all', value: true }, true), 0);
});

test('an answer that is stored again without a tag is not taken out by it', async () => {
  const question = 'How long is the Elbe?';
  await rig.put('retagged', question, '1,094 km.', 3, { tags: ['old', 'kept'] });
  await rig.put('retagged', question, '1,094 km.', 3, { tags: ['kept'] });
  assert.equal(await rig.remove('retagged', tag('old')), 0);
  assert.equal(await rig.remove('retagged', tag('kept')), 1);
  await rig.put('retagged', question, '1,094 km.');
  assert.equal(await rig.remove('retagged', tag('kept')), 0);
  assert.deepEqual(summary(await rig.get('retagged', question, exactly)), ['1,094 km.', Source.EXACT]);
});

test('a model takes out what it answered, also what is only kept to be served stale', async () => {
  const by = (name: string) => ({
    answer: create(AnswerSchema, { ...answerOf('1.'), provenance: { ...answerOf('1.').provenance, model: name } }),
  });
  await rig.put('m', 'How many moons has the earth?', '1.', 3, by('one'));
  await rig.put('m', 'How many suns has the earth?', '1.', 3, by('two'));
  clock.advance(7_200_000);
  assert.equal(await rig.remove('m', model('p/one'), true), 1);
  assert.equal(await rig.remove('m', model('p/one')), 1);
  const stale = (question: string) => rig.get('m', question, exactly, { acceptStale: true });
  assert.equal(summary(await stale('How many moons has the earth?')), 'empty');
  assert.deepEqual(summary(await stale('How many suns has the earth?')), ['1.', Source.STALE]);
});

test('an answer that was asked for before an invalidation, and comes after it, is not stored', async () => {
  const question = 'How long is the Thames?';
  const { entryId } = await rig.put('epoch', question, '346 km.', 3, { tags: ['rivers'] });
  const selectors = [
    { case: 'entryId' as const, value: entryId },
    { case: 'partition' as const, value: entryId.split('.')[1] ?? '' },
    { case: 'all' as const, value: true },
    tag('rivers'),
    model('p/m'),
  ];
  for (const selector of selectors) {
    clock.advance(1000);
    const before = { tags: ['rivers'], askedAtMs: BigInt(clock.now()) };
    await rig.remove('epoch', selector, true);
    assert.equal((await rig.put('epoch', question, '346 km.', 3, before)).stored, true, 'a dry run leaves no stamp');
    await rig.remove('epoch', selector);
    const late = await rig.put('epoch', question, '346 km.', 3, before);
    assert.deepEqual([late.stored, late.refusedReason], [false, 'invalidated'], selector.case);
    assert.equal(summary(await rig.get('epoch', question)), 'empty');
    const after = { tags: ['rivers'], askedAtMs: BigInt(clock.now() + 1) };
    assert.equal((await rig.put('epoch', question, '346 km.', 3, after)).stored, true, selector.case);
  }
  const elsewhere = await rig.put('epoch-2', question, '346 km.', 3, { askedAtMs: BigInt(clock.now()) });
  assert.equal(elsewhere.stored, true);
});

test('a tag that was invalidated keeps out what bears it, and nothing else', async () => {
  await rig.remove('epoch-3', tag('rivers'));
  const before = BigInt(clock.now());
  const store = (question: string, tags: string[]) =>
    rig.put('epoch-3', question, 'An answer.', 3, { tags, askedAtMs: before });
  assert.equal((await store('How long is the Seine?', ['towns', 'rivers'])).refusedReason, 'invalidated');
  assert.equal((await store('How big is Paris?', ['towns'])).stored, true);
});

test('what is found by meaning alone, because it lives longer, is taken out too', async () => {
  rig.configure(
    'cache: { exact: { ttlSeconds: 60 }, semantic: { ttlSeconds: 7200, alias: false }, staleSeconds: 0 }\n',
  );
  const question = 'How long is the Vltava?';
  for (const selector of [tag('rivers'), model('p/m'), { case: 'partition' as const, value: '' }]) {
    const { entryId } = await rig.put('longer', question, '430 km.', 3, { tags: ['rivers'] });
    const [id = '', key = ''] = entryId.split('.');
    // As Redis does when its time is over.
    await rig.state.remove([rig.keys.exact('longer', id)]);
    clock.advance(3_600_000);
    assert.equal((await rig.get('longer', 'How long is the Vltava ?', byMeaning)).answer?.text, '430 km.');
    const named = selector.case === 'partition' ? { ...selector, value: key } : selector;
    assert.equal(await rig.remove('longer', named, true), 1, selector.case);
    assert.equal(await rig.remove('longer', named), 1, selector.case);
    assert.equal((await rig.get('longer', 'How long is the Vltava ?', byMeaning)).answer, undefined);
    assert.deepEqual(await rig.state.command('ZRANGE', rig.keys.lives('longer'), 0, -1), []);
    clock.advance(1000);
  }
  rig.configure('');
});

test('the half by meaning, which comes later, is not kept where its entry went meanwhile', async () => {
  const question = 'How long is the Tiber?';
  const { entryId } = await rig.put('between', question, '405 km.', 3, { tags: ['rivers'] });
  const [id = '', partition = ''] = entryId.split('.');
  const createdAtMs = clock.now();
  const until = createdAtMs + 600_000;
  const life = { createdAtMs, expiresAtMs: until, revalidateUntilMs: until, keptUntilMs: until };
  const kept = { tenant: 'between', id, partition, hit: new Uint8Array(), rank: 3, tags: ['rivers'], model: 'p/m' };
  const vector = await embedder.embed(question);
  const store = (askedAtMs: number) => rig.near.set({ ...kept, askedAtMs }, { question, vector, life });
  assert.ok(Array.isArray(await store(createdAtMs)));
  await rig.remove('between', { case: 'entryId', value: entryId });
  assert.equal(await store(createdAtMs), 'invalidated');
  assert.equal(await store(createdAtMs + 1), 'removed');
  assert.equal(Number(await rig.state.command('EXISTS', rig.keys.near('between', partition, id))), 0);
});

test('erasing a tenant leaves nothing that is its own in Redis, nor in the index, but the stamp of it', async () => {
  const again = 'How old is the castle of Hohenzollern ?';
  const { entryId } = await rig.put('erased', 'How old is the castle of Hohenzollern?', '1867.', 3, { tags: ['a'] });
  await rig.indexed();
  await rig.get('erased', again, byMeaning);
  await eventually(async () => (await rig.get('erased', again, exactly)).answer !== undefined, { what: 'the alias' });
  const keys = async () => (await Array.fromAsync(rig.state.scan(rig.keys.pattern('erased')))).flat().sort();
  assert.ok((await keys()).length > 6);
  await rig.remove('erased', { case: 'all', value: true });
  assert.deepEqual(await keys(), [rig.keys.stamp('erased', { kind: 'tenant' })]);
  const chroma = new ChromaClient(chromaAddress());
  const [, partition = ''] = entryId.split('.');
  await eventually(async () => (await chroma.listCollections()).every(({ name }) => !name.includes(partition)));
});

test('erasing a tenant takes its collections even where Redis has forgotten what was in them', async () => {
  const { entryId } = await rig.put('forgotten', 'How old is the castle of Neuschwanstein?', '1886.');
  await rig.indexed();
  const [, partition = ''] = entryId.split('.');
  const chroma = new ChromaClient(chromaAddress());
  const isThere = async () => (await chroma.listCollections()).some(({ name }) => name.includes(partition));
  assert.equal(await isThere(), true);
  // As Redis does when their time is over.
  await rig.state.remove([rig.keys.partition('forgotten', partition), rig.keys.partitions('forgotten')]);
  await rig.remove('forgotten', { case: 'all', value: true });
  await eventually(async () => !(await isThere()), { timeoutMs: 5000, what: 'the collection to go' });
});

test('every real removal leaves one line that says who, what and how many; a dry run none', async () => {
  await rig.put('audit', 'How long is the Loire?', '1,006 km.', 3, { tags: ['rivers'] });
  lines.length = 0;
  const order = (dryRun: boolean) =>
    rig.client.invalidate(
      create(InvalidateRequestSchema, { tenant: 'audit', selector: tag('rivers'), dryRun, actor: 'op@example.org' }),
    );
  await order(true);
  assert.deepEqual(audited(), []);
  await order(false);
  assert.deepEqual(audited(), [
    {
      audit: 'cache.invalidate',
      actor: 'op@example.org',
      tenant: 'audit',
      selector: 'tag',
      value: 'rivers',
      removed: 1,
    },
  ]);
});

test('an answer that is not kept changes nothing about the one it would have followed: that is removed by its own tags', async () => {
  const question = 'Which bridge is the longest in town?';
  await rig.put('followed', question, 'The old one.', 3, { tags: ['bridges'] });
  const askedAtMs = BigInt(clock.now());
  clock.advance(1000);
  await rig.remove('followed', { case: 'tag', value: 'towns' });
  const late = await rig.put('followed', question, 'The new one.', 3, { tags: ['towns'], askedAtMs });
  assert.equal(late.refusedReason, 'invalidated');
  assert.equal((await rig.get('followed', question, exactly)).answer?.text, 'The old one.');
  assert.equal(await rig.remove('followed', { case: 'tag', value: 'bridges' }), 1);
  assert.equal((await rig.get('followed', question, exactly)).answer, undefined);
});

test('while Redis is away a removal is an error, never a removal of nothing', async () => {
  const { entryId } = await rig.put('a', 'What is the capital of Peru?', 'Lima.');
  await redis.kill();
  const selectors = [
    { case: 'entryId' as const, value: entryId },
    { case: 'partition' as const, value: entryId.split('.')[1] ?? '' },
    { case: 'all' as const, value: true },
    tag('rivers'),
    model('p/m'),
  ];
  lines.length = 0;
  for (const selector of selectors) await assert.rejects(rig.remove('a', selector), { code: 'unavailable' });
  assert.equal(audited().length, selectors.length);
  for (const line of audited()) assert.match(String(line.failed), /^(REDIS_DOWN|BREAKER_OPEN)$/);
});
