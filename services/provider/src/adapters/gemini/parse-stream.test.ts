import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FinishReason } from '@refrain/contracts';
import { first, readAll, sse, textOf } from '../../../test/read.ts';
import { GeminiStream } from './parse-stream.ts';

const read = (...data: object[]) => readAll(new GeminiStream('asked'), sse(...data));
const says = (parts: object[], more: object = {}) => ({ candidates: [{ content: { role: 'model', parts }, ...more }] });
const words = says([{ text: 'a' }]);

test('every documented reason to stop', () => {
  const meanings: [string, FinishReason][] = [
    ['STOP', FinishReason.STOP],
    ['MAX_TOKENS', FinishReason.LENGTH],
    ['SAFETY', FinishReason.CONTENT_FILTER],
    ['RECITATION', FinishReason.CONTENT_FILTER],
    ['PROHIBITED_CONTENT', FinishReason.CONTENT_FILTER],
    ['SOMETHING_NEW', FinishReason.STOP],
  ];
  for (const [finishReason, finish] of meanings)
    assert.equal(first(read(words, says([], { finishReason })), 'final')?.finishReason, finish, finishReason);
});

test('usage after the reason to stop still counts; thoughts are billed as output', () => {
  const usageMetadata = {
    promptTokenCount: 5,
    toolUsePromptTokenCount: 2,
    candidatesTokenCount: 3,
    thoughtsTokenCount: 4,
    cachedContentTokenCount: 1,
  };
  const events = read(words, says([], { finishReason: 'STOP' }), { usageMetadata, modelVersion: 'answered' });
  assert.deepEqual(first(events, 'usage')?.usage, {
    promptTokens: 7,
    completionTokens: 7,
    reasoningTokens: 4,
    cachedPromptTokens: 1,
  });
  assert.equal(first(events, 'final')?.model, 'answered');
});

test('thoughts are work, not words', () => {
  const events = read(says([{ text: 'hm', thought: true }, { text: 'a' }], { finishReason: 'STOP' }));
  assert.deepEqual([first(events, 'alive')?.thinking, textOf(events)], [true, 'a']);
});

test('a call without an id gets one, and turns STOP into a call', () => {
  const events = read(says([{ functionCall: { name: 'f' } }], { finishReason: 'STOP' }));
  const call = first(events, 'delta')?.delta.toolCalls?.[0];
  assert.match(call?.id ?? '', /^call_/);
  assert.deepEqual([call?.name, call?.argumentsJson], ['f', '{}']);
  assert.equal(first(events, 'final')?.finishReason, FinishReason.TOOL_CALLS);
});

test('a blocked prompt is the filter’s, a call the model could not write makes no sense', () => {
  assert.throws(() => read({ promptFeedback: { blockReason: 'SAFETY' } }), { code: 'content_filter' });
  assert.throws(() => read(says([], { finishReason: 'MALFORMED_FUNCTION_CALL' })), { code: 'upstream' });
});

test('an error that comes as plain JSON in the middle is classified', () => {
  const error = { code: 429, message: 'x', status: 'RESOURCE_EXHAUSTED' };
  const plain = `${sse(words)}${JSON.stringify({ error }, undefined, 2)}\n`;
  assert.throws(() => readAll(new GeminiStream('m'), plain), { reason: 'RATE_LIMITED' });
});

test('without a reason to stop the answer is not whole', () => {
  assert.throws(() => read(words), { code: 'upstream', reason: 'TRUNCATED' });
});
