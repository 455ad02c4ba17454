/** A bug of ours costs a store or a lookup what it touches; it is heard of, and never only counted. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { eventually, silentLog } from '@refrain/testkit';
import { byMeaning, startParts } from '../rig.ts';

const heard: unknown[] = [];
const { start } = await startParts();
const rig = await start({ log: { ...silentLog, error: (fields) => heard.push(fields) } });
beforeEach(() => heard.splice(0));

const bug = () => {
  throw new TypeError('a bug');
};

test('one that keeps an answer from being found by its meaning is heard of', async (t) => {
  t.mock.method(rig.near, 'set', bug);
  const { stored, exactOnlyReason } = await rig.put('a', 'What is the capital of Chad?', 'N’Djamena.');
  assert.deepEqual([stored, exactOnlyReason, heard.length], [true, 'internal', 1]);
});

test('one that keeps an answer out is heard of', async (t) => {
  t.mock.method(rig.keys, 'group', bug);
  const { refusedReason } = await rig.put('b', 'What is the capital of Mali?', 'Bamako.');
  assert.deepEqual([refusedReason, heard.length], ['internal', 1]);
});

test('one that keeps an alias or a filled template out is heard of, and costs nobody the answer', async (t) => {
  await rig.put('c', 'What is the capital of Peru?', 'Lima.');
  t.mock.method(rig.keys, 'usesBase', bug);
  assert.equal((await rig.get('c', "What's the capital of Peru?", byMeaning)).answer?.text, 'Lima.');
  await eventually(() => heard.length === 1, { what: 'the alias’ fault' });
  assert.equal((await rig.get('c', 'When does the bakery open?')).answer?.text, 'The bakery opens at nine.');
  await eventually(() => heard.length === 2, { what: 'the template’s fault' });
});
