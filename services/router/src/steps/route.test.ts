import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Role } from '@refrain/contracts';
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
  // A pin without its provider, and a slip.
  for (const model of ['small', 'locl/small', 'Local/Small'])
    assert.throws(
      () => route(questionOf('Hi.', { chat: { model } })),
      /There is no model .* Did you mean local\/small\?/,
    );
  assert.throws(
    () => route(questionOf('Hi.', { chat: { model: 'gpt-99' } })),
    (error: Error) => !error.message.includes('mean'),
  );
  assert.throws(() => route(questionOf('word '.repeat(8000))), { code: 'invalid', reason: 'CONTEXT_LENGTH_EXCEEDED' });
});

test('a profile asks its models in their order, and a local one may stand in', () => {
  const settings = settingsOf('profiles: { debug: { system: Find faults., try: [two/large, one/large] } }\n');
  const plan = route(questionOf('Why?', { chat: { model: 'debug' }, settings }));
  assert.deepEqual(
    [names(plan.routes), names(plan.local), plan.reason],
    [['two/large', 'one/large'], ['local/small'], 'profile:debug'],
  );
});

test('where quick models are preferred the pace that the router knows decides', () => {
  const settings = settingsOf();
  const mesh = { ...settings.mesh, routes: [{ when: {}, try: ['one/large', 'two/large'], prefer: 'fast' as const }] };
  const question = questionOf('Hi.', { settings: { ...settings, mesh } });
  const first = (pace: Record<string, number>) => names(route(question, (provider) => pace[provider]).routes)[0];
  assert.equal(first({ one: 900, two: 200 }), 'two/large');
  assert.equal(first({ one: 210, two: 200 }), 'one/large', 'a few milliseconds change nothing');
});

test('a retry, and the next turn of a conversation, go where the first went; other users are spread', () => {
  const settings = settingsOf();
  const split = [
    { model: 'one/large', weight: 1 },
    { model: 'two/large', weight: 1 },
  ];
  const mesh = { ...settings.mesh, routes: [{ when: {}, try: split }] };
  const text = (value: string) => [{ content: { case: 'text' as const, value } }];
  const later = [
    { role: Role.USER, parts: text('What is a monad?') },
    { role: Role.ASSISTANT, parts: text('A monoid.') },
    { role: Role.USER, parts: text('And what is that?') },
  ];
  const firstOf = (user: string, messages?: typeof later) =>
    names(
      route(
        questionOf('What is a monad?', {
          caller: { user },
          settings: { ...settings, mesh },
          ...(messages && { chat: { messages } }),
        }),
      ).routes,
    )[0];
  const users = Array.from({ length: 40 }, (_, i) => `user-${i}`);
  for (const user of users) {
    assert.equal(firstOf(user), firstOf(user));
    assert.equal(firstOf(user, later), firstOf(user));
  }
  assert.equal(new Set(users.map((user) => firstOf(user))).size, 2);
});
