/** What happens at the same moment: removals among stores and aliases leave nothing half done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@refrain/testkit';
import { Aliases } from '../../src/entries/aliases.ts';
import { Marks } from '../../src/removal/marks.ts';
import { Removal } from '../../src/removal/removal.ts';
import { byMeaning, exactly, startParts } from '../rig.ts';

const { start } = await startParts();
const rig = await start();

const keysOf = async (tenant: string) => (await Array.fromAsync(rig.state.scan(rig.keys.pattern(tenant)))).flat();
const nobody = 'f'.repeat(32);

test('an alias that is left while its target is being removed does not outlive it', async () => {
  const { entryId } = await rig.put('alias', 'What is the capital of Spain?', 'Madrid.');
  const [id = '', partition = ''] = entryId.split('.');
  const [near] = await rig.near.getMany({ tenant: 'alias', key: partition }, [id], Date.now());
  assert.ok(near);
  const real = new Aliases(rig.state, rig.keys);
  const alias = { tenant: 'alias', id: nobody, target: entryId, entry: near.entry, confidence: 0.9 };
  const aliases = Object.assign(Object.create(real), {
    revoke: async (tenant: string, targets: readonly string[]) => {
      await real.revoke(tenant, targets);
      await real.keep(alias, Date.now());
    },
  }) as Aliases;
  const removal = new Removal({ state: rig.state, keys: rig.keys, near: rig.near, index: rig.index, aliases });
  assert.equal(await removal.entries('alias', [entryId]), 1);
  assert.equal(await rig.state.get(rig.keys.exact('alias', nobody)), null);
  assert.deepEqual(await rig.state.command('ZRANGE', rig.keys.lives('alias'), 0, -1), []);
});

test('an entry that is stored while it is being removed is whole or gone: what is there can be removed again', async () => {
  const question = 'How long is the Rhine?';
  const put = () => rig.put('both', question, '1,230 km.', 3, { tags: ['rivers'] });
  const { entryId } = await put();
  for (let i = 0; i < 40; i += 1) {
    await Promise.all([put(), rig.remove('both', { case: 'tag', value: 'rivers' }), put()]);
    const there = (await rig.get('both', question, exactly)).answer !== undefined;
    const removed = await rig.remove('both', { case: 'tag', value: 'rivers' });
    if (there) assert.equal(removed, 1, `round ${i}`);
    assert.equal((await rig.get('both', question, exactly)).answer, undefined);
    const score = await rig.state.command('ZSCORE', rig.keys.uses('both'), entryId);
    assert.equal(score, null);
  }
});

test('what is stored while its tenant is being erased is whole or not there at all', async () => {
  const many = Array.from({ length: 1200 }, (_, i) => `\`\`\`js\nconst a = ${i};\n\`\`\`\nWhat is this?`);
  for (let from = 0; from < many.length; from += 50)
    await Promise.all(many.slice(from, from + 50).map((each) => rig.put('erased', each, 'A constant.')));
  let isOver = false;
  const erasing = rig.remove('erased', { case: 'all', value: true }).finally(() => {
    isOver = true;
  });
  const names: string[] = [];
  for (let i = 0; !isOver; i += 1) {
    const question = `Who won the cup in ${1000 + i}?`;
    const askedAtMs = BigInt(Date.now());
    const { stored, entryId } = await rig.put('erased', question, 'Nobody.', 3, { tags: ['cup'], askedAtMs });
    if (stored) names.push(entryId);
  }
  await erasing;
  for (const name of names) {
    const [id = ''] = name.split('.');
    if ((await rig.state.get(rig.keys.exact('erased', id))) === null) continue;
    const group = rig.keys.group('erased', { kind: 'tag', value: 'cup' });
    for (const list of [rig.keys.lives('erased'), rig.keys.uses('erased'), group])
      assert.notEqual(await rig.state.command('ZSCORE', list, name), null, 'it is on its lists');
  }
  await eventually(async () => (await rig.put('erased', 'Who won?', 'Me.', 3, { tags: ['cup'] })).stored);
  assert.ok((await rig.remove('erased', { case: 'tag', value: 'cup' })) >= 1);
});

test('no alias is left for a tenant that is being erased', async () => {
  const { entryId } = await rig.put('alias-erased', 'What is the capital of Spain?', 'Madrid.');
  const [id = '', partition = ''] = entryId.split('.');
  const [near] = await rig.near.getMany({ tenant: 'alias-erased', key: partition }, [id], Date.now());
  assert.ok(near);
  const marks = new Marks(rig.state, rig.keys);
  const nowMs = Date.now();
  const alias = { tenant: 'alias-erased', id: nobody, target: entryId, entry: near.entry, confidence: 0.9 };
  await marks.stamp('alias-erased', { kind: 'tenant' }, nowMs + 1000);
  assert.equal(await new Aliases(rig.state, rig.keys).keep(alias, nowMs), false);
  await marks.stamp('alias-erased', { kind: 'tenant' }, nowMs);
  assert.equal(await new Aliases(rig.state, rig.keys).keep(alias, nowMs), true);
});

test('an answer that follows on another leaves nothing to be taken out of the index', async () => {
  await rig.put('follows', 'What is the capital of Peru?', 'Lime.');
  await rig.put('follows', 'What is the capital of Peru?', 'Lima.');
  await rig.put('follows', 'What is the capital of Cuba?', 'Havana.', 3, { tags: ['cuba'] });
  await rig.remove('follows', { case: 'tag', value: 'cuba' });
  assert.equal(await rig.index.settle('follows'), 0);
  assert.equal((await rig.get('follows', "What's the capital of Peru?", byMeaning)).answer?.text, 'Lima.');
  assert.ok((await keysOf('follows')).length > 0);
});
