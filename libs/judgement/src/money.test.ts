import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ChatSchema, Role, UsageSchema } from '@refrain/contracts';
import { costNanoUsd, isFree, type Price, upperCostNanoUsd } from './money.ts';

const usageOf = (usage: MessageInitShape<typeof UsageSchema>) => create(UsageSchema, usage);
/** Five, forty, one, six and fifty nano-dollars a token. */
const price: Price = {
  input: 5_000_000,
  output: 40_000_000,
  cachedInput: 1_000_000,
  cacheWrite: 6_000_000,
  reasoning: 50_000_000,
};

test('tokens that were read from or written to the upstream’s cache, or thought, each cost their own price', () => {
  const usage = usageOf({
    promptTokens: 100,
    cachedPromptTokens: 60,
    cacheWriteTokens: 30,
    completionTokens: 20,
    reasoningTokens: 15,
  });
  assert.equal(costNanoUsd(usage, price), BigInt(10 * 5 + 60 * 1 + 30 * 6 + 5 * 40 + 15 * 50));
});

test('what has no price of its own costs what its whole costs', () => {
  const usage = usageOf({
    promptTokens: 100,
    cachedPromptTokens: 60,
    cacheWriteTokens: 30,
    completionTokens: 20,
    reasoningTokens: 15,
  });
  assert.equal(costNanoUsd(usage, { input: 5_000_000, output: 40_000_000 }), BigInt(100 * 5 + 20 * 40));
});

test('parts that are told to be more than their whole are not charged beyond it', () => {
  const usage = usageOf({
    promptTokens: 10,
    cachedPromptTokens: 8,
    cacheWriteTokens: 8,
    completionTokens: 4,
    reasoningTokens: 9,
  });
  assert.equal(costNanoUsd(usage, price), BigInt(8 * 1 + 2 * 6 + 4 * 50));
});

test('a model that is billed by characters costs its characters, whatever its tokens', () => {
  const byCharacter: Price = { input: 2_000_000, output: 3_000_000, per: 'character' };
  const usage = usageOf({ promptTokens: 1000, completionTokens: 1000, promptCharacters: 40, completionCharacters: 7 });
  assert.equal(costNanoUsd(usage, byCharacter), BigInt(40 * 2 + 7 * 3));
});

test('a long prompt costs its own price for the whole request, one token less does not', () => {
  const long = { ...price, long: { aboveTokens: 1000, input: 10_000_000, output: 80_000_000 } };
  const at = (promptTokens: number) => costNanoUsd(usageOf({ promptTokens, completionTokens: 10 }), long);
  assert.equal(at(1000), BigInt(1000 * 5 + 10 * 40));
  assert.equal(at(1001), BigInt(1001 * 10 + 10 * 80));
});

test('a fraction of a nano-dollar is rounded up, and sums beyond 2^53 are exact', () => {
  assert.equal(costNanoUsd(usageOf({ promptTokens: 1 }), { input: 1, output: 0 }), 1n);
  const dear = { input: 9_000_000_000_000, output: 0 };
  assert.equal(costNanoUsd(usageOf({ promptTokens: 4_000_000_001 }), dear), 36_000_000_009_000_000n);
});

test('only a model that charges for nothing is free', () => {
  assert.ok(isFree({ input: 0, output: 0 }));
  assert.ok(!isFree({ input: 0, output: 1 }));
  assert.ok(!isFree({ input: 0, output: 0, long: { aboveTokens: 1, input: 1, output: 0 } }));
});

test('what is held back covers the dearest that the request may come to', () => {
  const text = 'Sag mir, was ein Monoid ist. '.repeat(20);
  const chat = create(ChatSchema, {
    messages: [{ role: Role.USER, parts: [{ content: { case: 'text', value: text } }] }],
    maxTokens: 50,
  });
  // Three letters a token is more than any of the tokenizers makes of this.
  const promptTokens = Math.ceil(text.length / 3) + 8;
  const worst = usageOf({ promptTokens, cacheWriteTokens: promptTokens, completionTokens: 50, reasoningTokens: 50 });
  assert.ok(upperCostNanoUsd(chat, price, 1000) >= costNanoUsd(worst, price));
  const spoken = { promptCharacters: text.length, completionCharacters: 50 * 5 };
  const byCharacter: Price = { input: 2_000_000, output: 3_000_000, per: 'character' };
  assert.ok(upperCostNanoUsd(chat, byCharacter, 1000) >= costNanoUsd(usageOf(spoken), byCharacter));
});

test('without a limit of tokens the mesh’s own counts, and pictures count', () => {
  const ask = (more: MessageInitShape<typeof ChatSchema>) => upperCostNanoUsd(create(ChatSchema, more), price, 1000);
  assert.equal(ask({}), 1000n * 50n);
  const image = { content: { case: 'image' as const, value: { url: 'https://x.test/a.png' } } };
  assert.ok(ask({ messages: [{ role: Role.USER, parts: [image] }] }) > 1000n * 50n + 1000n * 5n);
});
