import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Price } from './money.ts';
import table from './prices.json' with { type: 'json' };
import { priceTable, withListedPrices } from './prices.ts';

const own = { input: 1, output: 2 };
const priceOf = (provider: string, adapter: string, name: string, price?: Price): Price | undefined =>
  withListedPrices({ [provider]: { adapter, models: [{ name, price }] } })[provider]?.models[0]?.price;

test('refrain.yaml counts before the table', () => {
  assert.deepEqual(priceOf('claude', 'claude', 'claude-sonnet-4-5', own), own);
  assert.deepEqual(priceOf('claude', 'claude', 'claude-sonnet-4-5'), {
    input: 3_000_000_000,
    output: 15_000_000_000,
    cachedInput: 300_000_000,
    cacheWrite: 3_750_000_000,
  });
});

test('a company has its list under any name, a host that speaks as OpenAI does under its own alone', () => {
  assert.ok(priceOf('anyone', 'gemini', 'gemini-2.5-pro')?.long);
  assert.ok(priceOf('deepseek', 'openai', 'deepseek-chat'));
  assert.equal(priceOf('my-vllm', 'openai', 'gpt-4.1'), undefined);
  assert.equal(priceOf('openai', 'openai', 'toString'), undefined);
  assert.equal(priceOf('constructor', 'openai', 'name'), undefined);
});

test('a local model is free, one that nobody knows has no price', () => {
  assert.deepEqual(priceOf('llama', 'llama', 'mistral:7b'), { input: 0, output: 0 });
  assert.equal(priceOf('openai', 'openai', 'gpt-unheard-of'), undefined);
});

test('the table says where it is from and of which day, carries its licence, and holds nothing but whole numbers', () => {
  assert.match(priceTable.source, /LiteLLM \d/);
  assert.match(priceTable.date, /^\d{4}-\d\d-\d\d$/);
  assert.match(table.about.notice.join('\n'), /MIT License[\s\S]*Berri AI[\s\S]*WITHOUT WARRANTY/);
  for (const [list, prices] of Object.entries(table.prices)) {
    for (const [name, { per: _, long = {}, ...rates }] of Object.entries(
      prices as Record<string, object & { per?: string; long?: object }>,
    )) {
      for (const rate of [...Object.values(rates), ...Object.values(long)])
        assert.ok(Number.isSafeInteger(rate) && (rate as number) >= 0, `${list}/${name}`);
    }
  }
});
