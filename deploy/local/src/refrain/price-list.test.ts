import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toNano, toPrices } from './price-list.ts';

const listOf = (entries: object) => toPrices(JSON.stringify(entries));
const chat = { mode: 'chat', litellm_provider: 'openai', input_cost_per_token: 2e-6, output_cost_per_token: 8e-6 };

test('dollars for a token are exact nano-dollars for a million, a fraction is rounded up', () => {
  const cases: [number, number][] = [
    [3e-6, 3_000_000_000],
    [0.1e-6, 100_000_000],
    [7.5e-8, 75_000_000],
    [2.8e-7, 280_000_000],
    [1.546875000000001e-7, 154_687_501],
    [0, 0],
    [1, 1_000_000_000_000_000],
  ];
  for (const [dollars, nano] of cases) assert.equal(toNano(dollars), nano, `${dollars}`);
  for (const none of [undefined, null, '1', -1, Number.NaN]) assert.equal(toNano(none), undefined);
});

test('only chat models of our providers with both prices are taken, under the name they have at their provider', () => {
  const prices = listOf({
    'gpt-x': chat,
    'groq/openai/gpt-y': { ...chat, litellm_provider: 'groq', mode: 'responses' },
    'gpt-embed': { ...chat, mode: 'embedding' },
    'gpt-audio': chat,
    'ft:gpt-x': chat,
    'bedrock-x': { ...chat, litellm_provider: 'bedrock' },
    'gpt-half': { ...chat, output_cost_per_token: undefined },
  });
  const price = { input: 2_000_000_000, output: 8_000_000_000 };
  assert.deepEqual(prices, { openai: { 'gpt-x': price }, groq: { 'openai/gpt-y': price } });
});

test('what is priced apart is kept apart: reads and writes of the cache, reasoning, characters, long prompts', () => {
  const apart = {
    ...chat,
    cache_read_input_token_cost: 5e-7,
    cache_creation_input_token_cost: 3e-6,
    output_cost_per_reasoning_token: 9e-6,
    input_cost_per_token_above_200k_tokens: 4e-6,
    output_cost_per_token_above_200k_tokens: 1.6e-5,
    input_cost_per_token_above_500k_tokens: 8e-6,
    output_cost_per_token_above_500k_tokens: 3.2e-5,
  };
  const byCharacter = {
    ...chat,
    input_cost_per_token: undefined,
    input_cost_per_character: 1e-6,
    output_cost_per_character: 2e-6,
  };
  assert.deepEqual(listOf({ a: apart, b: byCharacter }).openai, {
    a: {
      input: 2_000_000_000,
      output: 8_000_000_000,
      cachedInput: 500_000_000,
      cacheWrite: 3_000_000_000,
      reasoning: 9_000_000_000,
      long: { aboveTokens: 200_000, input: 4_000_000_000, output: 16_000_000_000 },
    },
    b: { input: 1_000_000_000, output: 2_000_000_000, per: 'character' },
  });
});

test('a text that is no list, or has nothing of ours, is refused as a whole', () => {
  for (const text of ['{', '1', 'null', '{}', '{"x":{"mode":"chat"}}']) assert.throws(() => toPrices(text));
});
