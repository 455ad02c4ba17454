import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { type Chat, ChatSchema, ClassificationSchema, Complexity, Role, Task } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { type Plan, planRoutes, promptTokens, type RoutingTable } from './routing.ts';

const dollar = 1_000_000_000;
const table: RoutingTable = {
  providers: {
    local: {
      keyless: true,
      models: [{ name: 'small:1b', rank: 1, contextTokens: 100, price: { input: 0, output: 0 } }],
    },
    cheap: {
      models: [{ name: 'fair', rank: 3, contextTokens: 100_000, price: { input: dollar / 10, output: dollar / 5 } }],
    },
    big: { models: [{ name: 'best', rank: 5, contextTokens: 100_000, price: { input: dollar, output: 2 * dollar } }] },
    odd: { models: [{ name: 'unpriced', rank: 4, contextTokens: 100_000 }] },
  },
  policy: {},
  aliases: { fast: ['local/small:1b'] },
  profiles: { debug: { system: 'You find faults.', try: ['cheap/fair', 'big/best'] } },
  routes: [
    { when: { complexity: ['simple'], tier: ['free'] }, try: ['local/small:1b'] },
    { when: {}, try: ['big/best', 'local/small:1b'] },
  ],
  localFallback: ['local/small:1b'],
};
const every = ['big/best', 'odd/unpriced', 'cheap/fair', 'local/small:1b'];
const withRule = (rule: Partial<RoutingTable['routes'][number]>, more: Partial<RoutingTable> = {}): RoutingTable => ({
  ...table,
  ...more,
  routes: [{ when: {}, try: every, ...rule }],
});

interface Asked {
  readonly text?: string;
  readonly model?: string;
  readonly tier?: string;
  readonly user?: string;
  readonly complexity?: Complexity;
  readonly p50Ms?: Readonly<Record<string, number>>;
}
function chatOf(text: string, model = 'auto'): Chat {
  const messages = [{ role: Role.USER, parts: [{ content: { case: 'text' as const, value: text } }] }];
  return create(ChatSchema, { model, messages });
}
function plan(of: RoutingTable, asked: Asked = {}): Plan {
  const { complexity = Complexity.SIMPLE, model, p50Ms = {}, text = 'hi', tier = 'pro', user = 'ann' } = asked;
  return planRoutes(of, {
    chat: chatOf(text, model),
    classification: create(ClassificationSchema, { task: Task.TEXT, complexity }),
    caller: { tenant: 'acme', user, tier },
    p50Ms: (provider, name) => p50Ms[`${provider}/${name}`],
  });
}
const names = (routes: Plan['routes']) => routes.map(({ model, provider }) => `${provider}/${model}`);
const verdicts = ({ considered }: Plan) => considered.map(({ model, verdict }) => `${model}: ${verdict}`);

test('the first route that matches class and tier is planned', () => {
  assert.deepEqual(names(plan(table, { tier: 'free' }).routes), ['local/small:1b']);
  const { reason, routes } = plan(table);
  assert.deepEqual([names(routes), reason], [['big/best', 'local/small:1b'], 'route:text/simple']);
});

test('an alias and a pin choose; an unknown model is not_found; a prompt too long for a model skips it', () => {
  assert.equal(plan(table, { model: 'fast' }).reason, 'alias:fast');
  assert.equal(plan(table, { model: 'big/best' }).reason, 'pinned');
  for (const model of ['gpt-9', 'big/none', 'constructor', '__proto__/x'])
    assert.throws(() => plan(table, { model }), { code: 'not_found' });
  const text = 'word '.repeat(150);
  assert.deepEqual(names(plan(table, { text }).routes), ['big/best']);
  assert.throws(() => plan(table, { model: 'fast', text }), { code: 'invalid', reason: 'CONTEXT_LENGTH_EXCEEDED' });
});

test('of a prompt and an answer that fit nowhere the one that is too long is named', () => {
  const fieldOf = (text: string, maxTokens: number) => {
    const classification = create(ClassificationSchema, { task: Task.TEXT, complexity: Complexity.SIMPLE });
    const chat = { ...chatOf(text, 'fast'), maxTokens };
    try {
      planRoutes(table, { chat, classification, caller: { tenant: 'acme', user: 'ann', tier: 'pro' } });
    } catch (error) {
      return (error as RefrainError).fields[0]?.field;
    }
    return undefined;
  };
  assert.equal(fieldOf('word '.repeat(150), 10), 'messages');
  assert.equal(fieldOf('word', 1_000_000), 'max_tokens');
  assert.equal(fieldOf('word', 10), undefined);
});

test('a profile names its models in order, and a local model may stand in, also where the context is too small for it said so', () => {
  const { considered, local, reason, routes } = plan(table, { model: 'debug' });
  assert.deepEqual(
    [names(routes), names(local), reason],
    [['cheap/fair', 'big/best'], ['local/small:1b'], 'profile:debug'],
  );
  assert.equal(considered.length, 3);
  assert.deepEqual(names(plan(table, { model: 'debug', text: 'word '.repeat(150) }).local), []);
});

test('each candidate is judged, and told why: below the rank, above the ceiling, of unknown price, too small', () => {
  assert.deepEqual(verdicts(plan(withRule({ minimumRank: 4 }))), [
    'best: kept',
    'unpriced: kept',
    'fair: rank_below_minimum',
    'small:1b: rank_below_minimum',
    'small:1b: kept',
  ]);
  const ceiling = plan(withRule({ maxNanoUsdPerMillion: dollar, try: every.slice(0, 3) }));
  assert.deepEqual(verdicts(ceiling).slice(0, 3), [
    'best: price_above_ceiling',
    'unpriced: price_unknown',
    'fair: kept',
  ]);
  assert.deepEqual(names(ceiling.routes), ['cheap/fair']);
  const long = plan(withRule({ try: ['local/small:1b', 'big/best'] }), { text: 'word '.repeat(150) });
  assert.deepEqual(verdicts(long).slice(0, 2), ['small:1b: context_too_small', 'best: kept']);
});

test('a price by the character is held against a ceiling by the token as four of them', () => {
  const per = 'character' as const;
  const providers = {
    ...table.providers,
    letters: {
      models: [{ name: 'm', rank: 3, contextTokens: 100_000, price: { per, input: dollar / 8, output: dollar / 8 } }],
    },
  };
  const verdictAt = (maxNanoUsdPerMillion: number) =>
    verdicts(plan(withRule({ maxNanoUsdPerMillion, try: ['letters/m'] }, { providers })))[0];
  assert.equal(verdictAt(dollar / 2), 'm: kept');
  assert.equal(verdictAt(dollar / 2 - 1), 'm: price_above_ceiling');
});

test('a ceiling for a request counts its own tokens', () => {
  const rule = withRule({ maxNanoUsd: 100_000, try: ['big/best'] });
  // A token costs 1,000 nano-dollars there.
  assert.deepEqual(names(plan(rule, { text: 'word '.repeat(50) }).routes), ['big/best']);
  assert.deepEqual(names(plan(rule, { text: 'word '.repeat(150) }).routes), []);
});

test('of neighbours with weights each comes first as often as its weight says, and a conversation stays with its own', () => {
  const split = withRule({
    try: [{ model: 'cheap/fair', weight: 90 }, { model: 'big/best', weight: 10 }, 'odd/unpriced'],
  });
  const firsts = Array.from({ length: 1000 }, (_, i) => plan(split, { user: `user-${i}` }).routes);
  assert.ok(firsts.every((routes) => routes.length === 3 && routes[2]?.provider === 'odd'));
  const cheap = firsts.filter(([first]) => first?.provider === 'cheap').length;
  assert.ok(cheap > 860 && cheap < 940, `${cheap} of 1000`);
  const again = Array.from({ length: 1000 }, (_, i) => plan(split, { user: `user-${i}` }).routes);
  assert.deepEqual(again, firsts);
});

test('a rule for some of a hundred takes always the same conversations, and the next rule the others', () => {
  const of: RoutingTable = {
    ...table,
    routes: [
      { when: { percent: 20 }, try: ['cheap/fair'] },
      { when: {}, try: ['big/best'] },
    ],
  };
  const chosen = () => Array.from({ length: 1000 }, (_, i) => plan(of, { user: `user-${i}` }).routes[0]?.provider);
  const cheap = chosen().filter((provider) => provider === 'cheap').length;
  assert.ok(cheap > 150 && cheap < 250, `${cheap} of 1000`);
  assert.deepEqual(chosen(), chosen());
});

test('the dial moves a route from the cheapest to the best; between them the need of the prompt counts', () => {
  const first = (dial: number, complexity: Complexity) =>
    names(plan(withRule({}, { policy: { dial } }), { complexity }).routes)[0];
  assert.equal(first(0, Complexity.COMPLEX), 'local/small:1b');
  assert.equal(first(1, Complexity.SIMPLE), 'big/best');
  assert.equal(first(0.5, Complexity.SIMPLE), 'cheap/fair');
  assert.equal(first(0.5, Complexity.COMPLEX), 'big/best');
  assert.deepEqual(names(plan(withRule({}), {}).routes), every, 'without a dial as it is written');
});

test('local models come first where that is preferred, and the quick ones where that is, those nobody knows before all', () => {
  assert.equal(names(plan(withRule({ prefer: 'local' })).routes)[0], 'local/small:1b');
  const p50Ms = { 'big/best': 900, 'odd/unpriced': 910, 'cheap/fair': 100 };
  assert.deepEqual(names(plan(withRule({ prefer: 'fast' }), { p50Ms }).routes), [
    'local/small:1b',
    'cheap/fair',
    'big/best',
    'odd/unpriced',
  ]);
});

test('tools count among the tokens of a prompt', () => {
  const bare = promptTokens(chatOf('hi'));
  const parametersJson = JSON.stringify({ type: 'object', properties: { city: { type: 'string' } } });
  const tools = [{ name: 'weather', description: 'Tells the weather of a city.', parametersJson }];
  const messages = [{ role: Role.USER, parts: [{ content: { case: 'text' as const, value: 'hi' } }] }];
  assert.ok(promptTokens(create(ChatSchema, { messages, tools })) > bare + 15);
});
