import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FinishReason } from '@refrain/contracts';
import { first, readAll, sse, textOf } from '../../../test/read.ts';
import { OpenAiStream } from './parse-stream.ts';

const choice = (delta: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});
const read = (...data: (object | string)[]) => readAll(new OpenAiStream('asked'), sse(...data));
const stop = choice({}, 'stop');

test('without a finish reason or without [DONE] the answer is not whole', () => {
  const truncated = { code: 'upstream', reason: 'TRUNCATED' };
  assert.throws(() => read(choice({ content: 'a' }), '[DONE]'), truncated);
  assert.throws(() => read(choice({ content: 'a' }), stop), truncated);
});

test('usage counts wherever it stands: with the last choice, alone, in Groq’s extension, in DeepSeek’s words', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 2 };
  const counted = { promptTokens: 5, completionTokens: 2 };
  for (const chunk of [
    { ...stop, usage },
    { choices: [], usage },
    { choices: [], x_groq: { usage } },
  ])
    assert.deepEqual(first(read(choice({ content: 'a' }), stop, chunk, '[DONE]'), 'usage')?.usage, counted);
  const cached = { ...usage, prompt_cache_hit_tokens: 4 };
  const events = read(choice({ content: 'a' }), { ...stop, usage: cached }, '[DONE]');
  assert.equal(first(events, 'usage')?.usage.cachedPromptTokens, 4);
});

test('thoughts in either vendor’s field are work, not words', () => {
  for (const delta of [{ reasoning_content: 'hm' }, { reasoning: 'hm' }]) {
    const events = read(choice(delta), choice({ content: 'a' }), stop, '[DONE]');
    assert.deepEqual([first(events, 'alive')?.thinking, textOf(events)], [true, 'a']);
  }
});

test('a refusal is told and marks the end', () => {
  const events = read(choice({ refusal: 'I cannot.' }), stop, '[DONE]');
  assert.equal(textOf(events), 'I cannot.');
  assert.equal(first(events, 'final')?.finishReason, FinishReason.CONTENT_FILTER);
});

test('the model that answered is named; an unknown reason to stop is a stop', () => {
  const events = read({ ...choice({ content: 'a' }), model: 'answered' }, choice({}, 'new_reason'), '[DONE]');
  assert.deepEqual(
    [first(events, 'final')?.model, first(events, 'final')?.finishReason],
    ['answered', FinishReason.STOP],
  );
});

test('comments that keep the connection alive are skipped', () => {
  const text = `: OPENROUTER PROCESSING\n\n${sse(choice({ content: 'a' }), stop, '[DONE]')}`;
  assert.equal(textOf(readAll(new OpenAiStream('m'), text)), 'a');
});

test('an error as an event, or as the end of a choice', () => {
  assert.throws(() => read({ error: { message: 'x', code: 'rate_limit_exceeded' } }), { reason: 'RATE_LIMITED' });
  const ended = { choices: [{ index: 0, delta: {}, finish_reason: 'error', error: { code: 502, message: 'x' } }] };
  assert.throws(() => read(ended), { reason: 'UPSTREAM_FAILED' });
});

test('calls of tools by their index; a call without anything makes no sense', () => {
  const call = (index: number, more: object) => choice({ tool_calls: [{ index, ...more }] });
  const events = read(
    call(0, { id: 'a', function: { name: 'f', arguments: '' } }),
    call(1, { id: 'b', function: { name: 'g', arguments: '{}' } }),
    call(0, { function: { arguments: '{"x":1}' } }),
    choice({}, 'tool_calls'),
    '[DONE]',
  );
  const pieces = events.flatMap((event) => (event.kind === 'delta' ? (event.delta.toolCalls ?? []) : []));
  assert.deepEqual(
    pieces.map(({ index, argumentsJson }) => [index, argumentsJson]),
    [
      [0, ''],
      [1, '{}'],
      [0, '{"x":1}'],
    ],
  );
  assert.throws(() => read(choice({ tool_calls: [{ index: 0 }] })), { reason: 'MALFORMED' });
});
