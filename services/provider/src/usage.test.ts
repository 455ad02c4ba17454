import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ChatSchema, Role } from '@refrain/contracts';
import { UsageMeter, upperPromptTokens, upperTokens } from './usage.ts';

const chatOf = (text: string, more: MessageInitShape<typeof ChatSchema> = {}) =>
  create(ChatSchema, {
    messages: [{ role: Role.USER, parts: [{ content: { case: 'text', value: text } }] }],
    ...more,
  });
const chat = chatOf('What is the capital of France?');

test('what the upstream counted is passed on as it is', () => {
  const meter = new UsageMeter();
  meter.told({ promptTokens: 10 });
  meter.said({ text: 'Paris' });
  meter.told({ completionTokens: 3, cachedPromptTokens: 4, reasoningTokens: 1 });
  meter.finished();
  const { promptTokens, completionTokens, cachedPromptTokens, reasoningTokens, estimated } = meter.usage(chat);
  assert.deepEqual([promptTokens, completionTokens, cachedPromptTokens, reasoningTokens], [10, 3, 4, 1]);
  assert.equal(estimated, false);
});

test('a later count overwrites an earlier one field by field', () => {
  const meter = new UsageMeter();
  meter.told({ promptTokens: 10, completionTokens: 1 });
  meter.told({ completionTokens: 7 });
  meter.finished();
  assert.deepEqual([meter.usage(chat).promptTokens, meter.usage(chat).completionTokens], [10, 7]);
});

test('a stream without counts is estimated, never below what was said, and flagged', () => {
  const meter = new UsageMeter();
  meter.said({ text: 'a'.repeat(300) });
  meter.said({ toolCalls: [{ name: 'f', argumentsJson: 'x'.repeat(29) }] });
  meter.finished();
  const usage = meter.usage(chat);
  assert.equal(usage.completionTokens, 110);
  assert.ok(usage.promptTokens >= 7, 'the seven words of the question');
  assert.equal(usage.estimated, true);
});

test('a count from the start of a stream that broke is only a lower bound', () => {
  const meter = new UsageMeter();
  meter.told({ promptTokens: 10, completionTokens: 1 });
  meter.said({ text: 'a'.repeat(300) });
  const usage = meter.usage(chat);
  assert.deepEqual([usage.promptTokens, usage.completionTokens, usage.estimated], [10, 100, true]);
});

test('the estimate of a prompt counts everything that is sent', () => {
  const base = upperPromptTokens(chat);
  const image = {
    role: Role.USER,
    parts: [{ content: { case: 'image' as const, value: { url: 'https://x/y.png' } } }],
  };
  assert.ok(upperPromptTokens(chatOf('What is the capital of France?', { tools: [{ name: 'weather' }] })) > base);
  assert.ok(upperPromptTokens(create(ChatSchema, { messages: [...chat.messages, image] })) > base + 1000);
  const format = { type: 'json_schema', schemaJson: '{"type":"object"}' };
  assert.ok(upperPromptTokens(chatOf('What is the capital of France?', { responseFormat: format })) > base);
});

test('no kind of ordinary text is underestimated: tokens as counted by SmolLM2', () => {
  const counted: [string, number][] = [
    ['Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung.', 32],
    ['3141592653589793 2718281828 1,234,567.89 ', 41],
    ['人工智能正在改变世界，我们需要理解它。北京是中国的首都。', 49],
    ['Все счастливые семьи похожи друг на друга', 31],
    ['ประเทศไทยเป็นประเทศที่สวยงาม', 53],
    ['👩‍👩‍👧🎉🚀😀', 22],
  ];
  for (const [text, tokens] of counted) {
    const upper = upperTokens(text);
    assert.ok(upper >= tokens && upper <= 2 * tokens, `${text}: ${upper} for ${tokens}`);
  }
  assert.equal(upperTokens(''), 0);
});

test('characters are counted as Unicode has them, a letter beyond 16 bits once, also where a piece ends within it', () => {
  const meter = new UsageMeter();
  for (const text of ['Grüße ', '\ud83c', '\udf89']) meter.said({ text });
  meter.said({ toolCalls: [{ name: 'f', argumentsJson: '{}' }] });
  const { promptCharacters, completionCharacters } = meter.usage(chatOf('Was ist 🎉?'));
  assert.deepEqual([promptCharacters, completionCharacters], [10, 10]);
});

test('a text in many pieces costs what it costs in one', () => {
  const meter = new UsageMeter();
  for (const letter of 'a'.repeat(300)) meter.said({ text: letter });
  assert.equal(meter.usage(chat).completionTokens, 100);
});
