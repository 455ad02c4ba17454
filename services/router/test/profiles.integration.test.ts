/** Profiles through the whole mesh: a role asked for as a model's name, by every door. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RecordedCall } from '@refrain/testkit';
import { ask } from './faults/ask.ts';
import { doors } from './faults/outcome.ts';
import { answerRightly, freshQuestion, rightAnswer, sameMeaningOnly, teach } from './faults/steady.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

const profiles = `profiles:
  debug: { system: "You find faults.", try: [two/large, one/large] }
  core: { system: "You are thorough.", try: [one/large, two/large] }
`;
let mesh: TestMesh;
before(async () => {
  mesh = await startMesh({ extra: `${sameMeaningOnly}\n${profiles}` });
  answerRightly(mesh);
});
after(() => mesh.stop());

const systemIn = ({ body }: RecordedCall) =>
  (body.messages as { role: string; content: unknown }[]).filter(({ role }) => role === 'system').map((m) => m.content);

test('by every door a profile puts its prompt before the chat and asks the provider it prefers', async () => {
  for (const door of doors) {
    const { error, provider, question, text } = await ask(mesh, door, freshQuestion(), { model: 'debug' });
    assert.deepEqual([error, provider, text], [undefined, 'two', rightAnswer(question)], door);
    const call = mesh.two.calls.at(-1);
    assert.ok(call);
    assert.deepEqual(systemIn(call), ['You find faults.'], door);
  }
});

test('its answers are kept for that profile alone', async () => {
  const question = freshQuestion();
  const isKept = async (model: string) => (await ask(mesh, 'http', question, { model })).source === 'exact';
  await teach(mesh, question);
  assert.equal((await ask(mesh, 'http', question, { model: 'debug' })).source, 'provider');
  for (let tries = 0; !(await isKept('debug')) && tries < 100; tries += 1);
  assert.ok(await isKept('debug'));
  assert.equal((await ask(mesh, 'http', question, { model: 'core' })).source, 'provider');
});

test('when the preferred provider fails another plays the role', async () => {
  mesh.two.otherwise({ fault: { kind: 'overloaded' } });
  const { error, provider, degraded } = await ask(mesh, 'grpc', freshQuestion(), { model: 'debug' });
  assert.deepEqual([error, provider, degraded], [undefined, 'one', false]);
  const call = mesh.one.calls.at(-1);
  assert.deepEqual(call && systemIn(call), ['You find faults.']);
  answerRightly(mesh);
});
