import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Level, Source } from '@refrain/contracts';
import { eventually, manualClock } from '@refrain/testkit';
import { RedisNearStore } from '../../src/entries/near-store.ts';
import { byMeaning, exactly, startParts, summary } from '../rig.ts';

const hour = 3_600_000;
let random = 0;
const clock = manualClock(Date.now());
const { embedder, start } = await startParts();
const rig = await start({
  nowMs: clock.now,
  random: () => random,
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

test('a filled template lives a day and no longer: it can be filled again', async () => {
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

/** Whether an exact lookup still counts an answer as fresh `seconds` after it was stored. */
async function freshAfter(seconds: number, tenant: string, question: string): Promise<boolean> {
  clock.advance(seconds * 1000);
  const { answer, revalidate } = await rig.get(tenant, question, exactly);
  clock.advance(-seconds * 1000);
  return answer !== undefined && !revalidate;
}

test('the first rule that fits chooses the lifetime, on each level by itself', async () => {
  rig.configure(`cache:
  semantic: { alias: false }
  lifetimes:
    - { when: { tenant: other }, exactSeconds: 10 }
    - { when: { volatile: true }, exactSeconds: 20 }
    - { when: { task: [code] }, exactSeconds: 30 }
    - { when: { model: p/m, tenant: [rules] }, semanticSeconds: 40 }
    - { when: { model: p/m }, exactSeconds: 50 }
`);
  const volatile = 'What is the weather in Oslo today?';
  const code = '```js\nconst a = 1;\n```\nWhat does this code do?';
  const plain = 'How tall is the Matterhorn?';
  for (const question of [volatile, code, plain]) await rig.put('rules', question, 'An answer.');
  await rig.put('third', plain, 'An answer.');
  for (const [tenant, question, seconds] of [
    ['rules', volatile, 20],
    ['rules', code, 30],
    ['rules', plain, 3600],
    ['third', plain, 50],
  ] as const) {
    assert.ok(await freshAfter(seconds - 1, tenant, question), `${question} ${seconds - 1}`);
    assert.ok(!(await freshAfter(seconds, tenant, question)), `${question} ${seconds}`);
  }
  clock.advance(39_000);
  const again = () => rig.get('rules', 'How tall is the Matterhorn ?', byMeaning);
  assert.equal((await again()).revalidate, false);
  clock.advance(1000);
  assert.equal((await again()).revalidate, true);
  rig.configure('');
});

test('a caller’s wish stands on both levels, and reaches no farther than stale answers are kept', async () => {
  rig.configure('cache: { staleSeconds: 7200, semantic: { alias: false } }\n');
  const question = 'How tall is the Zugspitze?';
  await rig.put('wish', question, '2,962 m.', 3, { ttlSeconds: 10 });
  clock.advance(10_000);
  assert.equal((await rig.get('wish', question, exactly)).revalidate, true);
  assert.equal((await rig.get('wish', 'How tall is the Zugspitze ?', byMeaning)).revalidate, true);
  await rig.put('wish', question, '2,962 m.', 3, { ttlSeconds: 100_000 });
  assert.ok(await freshAfter(7199, 'wish', question));
  assert.ok(!(await freshAfter(7200, 'wish', question)));
  await assert.rejects(rig.put('wish', question, '2,962 m.', 3, { ttlSeconds: 0 }), { code: 'invalid' });
  rig.configure('');
});

test('chance shortens a time by the configured share at most', async () => {
  const question = 'How tall is Everest?';
  for (const [chance, seconds] of [
    [0, 3600],
    [0.5, 3420],
    [1, 3240],
  ] as const) {
    random = chance;
    await rig.put('chance', question, '8,849 m.');
    assert.ok(await freshAfter(seconds - 1, 'chance', question), `${seconds}`);
    assert.ok(!(await freshAfter(seconds, 'chance', question)), `${seconds}`);
  }
  random = 0;
});

test('just over its time an answer is served and to be asked afresh; later only who takes stale ones gets it, as such', async () => {
  const question = 'How tall is Kilimanjaro?';
  const other = 'How tall is Kilimanjaro ?';
  await rig.put('stale', question, '5,895 m.');
  clock.advance(hour + 59_000);
  const late = await rig.get('stale', question, exactly);
  assert.deepEqual([...summary(late), late.revalidate], ['5,895 m.', Source.EXACT, true]);
  clock.advance(1000);
  assert.equal(summary(await rig.get('stale', question, exactly)), 'expired');
  assert.equal(summary(await rig.get('stale', other, byMeaning)), 'empty');
  for (const [asked, levels] of [
    [question, exactly],
    [other, byMeaning],
  ] as const) {
    const { answer, revalidate } = await rig.get('stale', asked, levels, { acceptStale: true });
    const { source, degraded, reason, ageSeconds } = answer?.provenance ?? {};
    assert.deepEqual(
      [answer?.text, source, degraded, reason, ageSeconds, revalidate],
      ['5,895 m.', Source.STALE, true, 'fallback:stale', 3660, false],
    );
  }
  assert.equal(summary(await rig.get('stale', question, exactly, { acceptStale: true, maxAgeSeconds: 60 })), 'too_old');
  clock.advance(24 * hour - 60_000);
  assert.equal(summary(await rig.get('stale', question, exactly, { acceptStale: true })), 'expired');
  assert.equal(summary(await rig.get('stale', other, byMeaning, { acceptStale: true })), 'empty');
});

test('who takes stale answers still gets the fresh one where there is one', async () => {
  const [old, fresh] = ['How tall is Mount Elbrus?', 'How tall is Mount Fuji?'];
  await rig.put('mixed', old, '5,642 m.');
  clock.advance(hour);
  await rig.put('mixed', fresh, '3,776 m.');
  await rig.indexed();
  const ask = (question: string) => rig.get('mixed', question, byMeaning, { acceptStale: true });
  assert.deepEqual(summary(await ask('How tall is Mount Fuji ?')), ['3,776 m.', Source.SEMANTIC]);
  assert.deepEqual(summary(await ask('How tall is Mount Elbrus ?')), ['5,642 m.', Source.STALE]);
});

test('an answer older than a caller takes is a miss on both levels, and a hit for who takes it', async () => {
  const question = 'How tall is Mount Cook?';
  await rig.put('age', question, '3,724 m.');
  clock.advance(61_000);
  for (const [asked, levels] of [
    [question, exactly],
    ['How tall is Mount Cook ?', byMeaning],
  ] as const) {
    assert.equal(summary(await rig.get('age', asked, levels, { maxAgeSeconds: 60 })), 'too_old');
    assert.equal((await rig.get('age', asked, levels, { maxAgeSeconds: 61 })).answer?.text, '3,724 m.');
  }
});

test('a cache that is started again is not told what ended before: the first answer it stores does not wait for a day of names', async () => {
  const { entryId } = await rig.put('restarted', 'How tall is the Ortler?', '3,905 m.');
  const [id = '', partition = ''] = entryId.split('.');
  const long = Date.now() - 1000;
  await rig.state.command('ZADD', rig.keys.partition('restarted', partition), long, 'a'.repeat(32));
  const until = clock.now() + hour;
  const life = {
    createdAtMs: clock.now(),
    expiresAtMs: until,
    revalidateUntilMs: until,
    keptUntilMs: until + 24 * hour,
  };
  const names = { tenant: 'restarted', id, partition, tags: [], model: 'p/m' };
  const kept = { ...names, hit: new Uint8Array(), rank: 3, askedAtMs: clock.now() };
  const vector = await embedder.embed('How tall is the Ortler?');
  const store = (near: RedisNearStore, nowMs: number) =>
    near.set(kept, { question: 'How tall is the Ortler?', vector, life: { ...life, createdAtMs: nowMs } });
  const startedAgain = new RedisNearStore(rig.state, rig.keys);
  assert.deepEqual(await store(startedAgain, clock.now()), []);
  // What ends from then on it is told, once.
  await rig.state.command('ZADD', rig.keys.partition('restarted', partition), clock.now() + 1000, 'b'.repeat(32));
  assert.deepEqual(await store(startedAgain, clock.now() + 2000), ['b'.repeat(32)]);
  assert.deepEqual(await store(startedAgain, clock.now() + 2000), []);
});
