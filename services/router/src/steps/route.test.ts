import assert from 'node:assert/strict';
import { test } from 'node:test';
import { questionOf, settingsOf } from '../../test/question.ts';
import { route } from './route.ts';

const names = (routes: readonly { provider: string; model: string }[]) =>
  routes.map(({ provider, model }) => `${provider}/${model}`);

test('where the choice is left to the router the table decides, and a local model may stand in', () => {
  const plan = route(questionOf('What is a monad?'));
  assert.deepEqual(names(plan.routes), ['one/large', 'two/large']);
  assert.deepEqual(names(plan.local), ['local/small']);
  assert.equal(plan.reason, 'route:text/simple');
  assert.deepEqual([plan.routes[0]?.rank, plan.local[0]?.rank], [4, 1]);
});

test('an alias and a pin are kept: nobody else stands in', () => {
  const alias = route(questionOf('Hi.', { chat: { model: 'best' } }));
  assert.deepEqual([names(alias.routes), alias.reason], [['one/large', 'two/large'], 'alias:best']);
  const pinned = route(questionOf('Hi.', { chat: { model: 'two/large' } }));
  assert.deepEqual([names(pinned.routes), pinned.reason], [['two/large'], 'pinned']);
  assert.deepEqual([...alias.local, ...pinned.local], []);
});

test('a local model that is on the route already is not asked twice', () => {
  const settings = settingsOf();
  const mesh = { ...settings.mesh, routes: [{ when: {}, try: ['local/small', 'one/large'] }] };
  assert.deepEqual(route(questionOf('Hi.', { settings: { ...settings, mesh } })).local, []);
});

test('a model nobody has is not found, a prompt that fits none is invalid', () => {
  assert.throws(() => route(questionOf('Hi.', { chat: { model: 'gpt-99' } })), {
    code: 'not_found',
    reason: 'MODEL_NOT_FOUND',
  });
  assert.throws(() => route(questionOf('word '.repeat(8000))), { code: 'invalid', reason: 'CONTEXT_LENGTH_EXCEEDED' });
});
