/** A semantic hit leaves an alias: the same request is found at once, and as long as its target may answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Role, Source } from '@refrain/contracts';
import { eventually, manualClock } from '@refrain/testkit';
import { Aliases } from '../../src/entries/aliases.ts';
import { byMeaning, chatOf, exactly, said, startParts, summary } from '../rig.ts';

const clock = manualClock(Date.now());
const { start } = await startParts();
const rig = await start({ nowMs: clock.now });

const asked = 'What is the capital of Spain?';
const again = "What's the capital of Spain?";

/** Stores an answer and asks for it by other words, until that stands under its own key. */
async function aliased(tenant: string): Promise<{ entryId: string; confidence: number }> {
  const { entryId } = await rig.put(tenant, asked, 'Madrid.');
  const { answer } = await rig.get(tenant, again, byMeaning);
  assert.equal(answer?.text, 'Madrid.');
  await eventually(async () => (await rig.get(tenant, again, exactly)).answer !== undefined, { what: 'the alias' });
  return { entryId, confidence: answer?.provenance?.confidence ?? Number.NaN };
}

test('what was found by meaning is found exactly next time, as what it is: of that confidence, and its target’s', async () => {
  const { entryId, confidence } = await aliased('a');
  const { answer } = await rig.get('a', again, exactly);
  const { provenance } = answer ?? {};
  assert.deepEqual([answer?.text, provenance?.source, provenance?.reason], ['Madrid.', Source.SEMANTIC, 'cache:alias']);
  assert.deepEqual([provenance?.entryId, provenance?.confidence], [entryId, confidence]);
  assert.equal((await rig.get('b', again, exactly)).answer, undefined);
});

test('an alias answers nobody who asks for more confidence, a higher rank or a younger answer', async () => {
  const { confidence } = await aliased('strict');
  const ask = (init: object) => rig.get('strict', again, exactly, init);
  assert.equal(summary(await ask({ minimumConfidence: (1 + confidence) / 2 })), 'below_confidence');
  assert.deepEqual(summary(await ask({ minimumConfidence: confidence })), ['Madrid.', Source.SEMANTIC]);
  assert.equal(summary(await ask({ minimumRank: 4 })), 'below_rank');
  clock.advance(5000);
  assert.equal(summary(await ask({ maxAgeSeconds: 4 })), 'too_old');
  assert.equal((await ask({ maxAgeSeconds: 5 })).answer?.provenance?.ageSeconds, 5);
});

test('an alias has the life of its target, not one of its own', async () => {
  await aliased('life');
  clock.advance(1_800_000);
  assert.equal((await rig.get('life', again, exactly)).revalidate, true);
  clock.advance(60_000);
  assert.equal(summary(await rig.get('life', again, exactly)), 'empty');
});

const removals: Record<string, (tenant: string, entryId: string) => Promise<unknown>> = {
  'the entry is removed': (tenant, value) => rig.remove(tenant, { case: 'entryId', value }),
  'its partition is removed': (tenant, id) => rig.remove(tenant, { case: 'partition', value: id.split('.')[1] ?? '' }),
  'its model is removed': (tenant) => rig.remove(tenant, { case: 'model', value: 'p/m' }),
  'the tenant is erased': (tenant) => rig.remove(tenant, { case: 'all', value: true }),
  'another answer takes its place': (tenant) => rig.put(tenant, asked, 'Toledo.'),
};
for (const [what, remove] of Object.entries(removals)) {
  test(`an alias goes, and leaves nothing behind, when ${what}`, async () => {
    const tenant = what.replaceAll(' ', '-');
    const { entryId } = await aliased(tenant);
    await remove(tenant, entryId);
    assert.equal(summary(await rig.get(tenant, again, exactly)), 'empty');
    const [id = ''] = entryId.split('.');
    assert.equal(Number(await rig.state.command('EXISTS', rig.keys.aliases(tenant, id))), 0);
    const left = await Array.fromAsync(rig.state.scan(rig.keys.pattern(tenant).replace(/\*$/, 'x:*')));
    assert.equal(left.flat().length, what.startsWith('another') ? 1 : 0);
  });
}

test('the same answer again leaves an alias as it is', async () => {
  await aliased('same');
  await rig.put('same', asked, 'Madrid.');
  assert.deepEqual(summary(await rig.get('same', again, exactly)), ['Madrid.', Source.SEMANTIC]);
});

test('an answer of its own takes an alias’ place, and outlives the target', async () => {
  const { entryId } = await aliased('own');
  await rig.put('own', again, 'Madrid, of course.');
  assert.deepEqual(summary(await rig.get('own', again, exactly)), ['Madrid, of course.', Source.EXACT]);
  assert.equal(Number(await rig.state.command('ZCARD', rig.keys.uses('own'))), 2);
  await rig.remove('own', { case: 'entryId', value: entryId });
  assert.deepEqual(summary(await rig.get('own', again, exactly)), ['Madrid, of course.', Source.EXACT]);
});

test('an alias that crossed from a dialogue to a question asked alone is forgotten whole when an answer takes its place', async () => {
  const prose = 'That is told in many books about the matter.';
  const dialogue = chatOf('', {
    messages: [said(Role.USER, 'What is anemia?'), said(Role.ASSISTANT, prose), said(Role.USER, again)],
  });
  await rig.put('crossed', asked, 'Madrid.');
  assert.equal((await rig.get('crossed', dialogue, byMeaning)).answer?.text, 'Madrid.');
  await eventually(async () => (await rig.get('crossed', dialogue, exactly)).answer !== undefined, {
    what: 'the alias',
  });
  const { entryId } = await rig.put('crossed', dialogue, 'It is Madrid.');
  const names = (await rig.state.command('ZRANGE', rig.keys.lives('crossed'), 0, -1)) as string[];
  assert.equal(names.length, 2);
  assert.ok(names.includes(entryId));
});

test('an alias never takes the place of an answer, nor stands without its target', async () => {
  const { entryId } = await rig.put('late', asked, 'Madrid.');
  const { entryId: other } = await rig.put('late', again, 'Madrid!');
  const [id = ''] = other.split('.');
  const [targetId = '', key = ''] = entryId.split('.');
  const [found] = await rig.near.getMany({ tenant: 'late', key }, [targetId], clock.now());
  assert.ok(found);
  const aliases = new Aliases(rig.state, rig.keys);
  const alias = { tenant: 'late', id, target: entryId, entry: found.entry, confidence: 0.9 };
  assert.equal(await aliases.keep(alias, clock.now()), false);
  assert.deepEqual(summary(await rig.get('late', again, exactly)), ['Madrid!', Source.EXACT]);
  await rig.remove('late', { case: 'entryId', value: entryId });
  assert.equal(await aliases.keep({ ...alias, id: 'f'.repeat(32) }, clock.now()), false);
});

test('an entry that is renewed for ever names no alias that is over, nor one that had to go', async () => {
  const { entryId } = await aliased('renewed');
  const [targetId = '', key = ''] = entryId.split('.');
  const named = async () =>
    ((await rig.state.command('ZRANGE', rig.keys.aliases('renewed', targetId), 0, -1)) as string[]).map((name) =>
      name.slice(0, 1),
    );
  const [found] = await rig.near.getMany({ tenant: 'renewed', key }, [targetId], clock.now());
  assert.ok(found);
  const aliases = new Aliases(rig.state, rig.keys);
  const leave = (digit: string, nowMs: number) =>
    aliases.keep(
      { tenant: 'renewed', id: digit.repeat(32), target: entryId, entry: found.entry, confidence: 0.9 },
      nowMs,
    );
  const later = clock.now() + 2 * 86_400_000;
  assert.ok(await leave('1', later));
  assert.deepEqual(await named(), ['1']);
  assert.ok(await leave('2', later));
  await rig.remove('renewed', { case: 'entryId', value: `${'1'.repeat(32)}.${key}` });
  assert.deepEqual(await named(), ['2']);
});

test('where aliases are switched off, a semantic hit leaves none, and those that were left answer no more', async () => {
  await aliased('off');
  rig.configure('cache: { semantic: { alias: false } }\n');
  assert.equal(summary(await rig.get('off', again, exactly)), 'empty');
  await rig.put('off-too', asked, 'Madrid.');
  assert.ok((await rig.get('off-too', again, byMeaning)).answer);
  const [entry] = (await rig.state.command('ZRANGE', rig.keys.lives('off-too'), 0, -1)) as string[];
  assert.ok(entry);
  // The next hit's work comes after the first one's would have.
  assert.ok((await rig.get('off-too', again, byMeaning)).answer);
  assert.deepEqual(await rig.state.command('ZRANGE', rig.keys.lives('off-too'), 0, -1), [entry]);
  rig.configure('');
});
