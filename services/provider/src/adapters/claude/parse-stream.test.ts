import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FinishReason } from '@refrain/contracts';
import { first, readAll, sse, textOf } from '../../../test/read.ts';
import { ClaudeStream } from './parse-stream.ts';

const read = (...data: object[]) => readAll(new ClaudeStream('asked'), sse(...data));
const start = {
  type: 'message_start',
  message: {
    model: 'answered',
    usage: { input_tokens: 3, cache_read_input_tokens: 4, cache_creation_input_tokens: 5, output_tokens: 1 },
  },
};
const words = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const ending = (stop_reason: string) => [
  { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
];

test('prompt tokens are all that were read: fresh, from the cache and into it', () => {
  const events = read(start, words('a'), ...ending('end_turn'));
  const usages = events.flatMap((event) => (event.kind === 'usage' ? [event.usage] : []));
  assert.deepEqual(usages, [
    { promptTokens: 12, cachedPromptTokens: 4, cacheWriteTokens: 5, completionTokens: 1 },
    { completionTokens: 7 },
  ]);
});

test('every documented reason to stop', () => {
  const meanings: [string, FinishReason][] = [
    ['end_turn', FinishReason.STOP],
    ['stop_sequence', FinishReason.STOP],
    ['max_tokens', FinishReason.LENGTH],
    ['model_context_window_exceeded', FinishReason.LENGTH],
    ['tool_use', FinishReason.TOOL_CALLS],
    ['refusal', FinishReason.CONTENT_FILTER],
    ['something_new', FinishReason.STOP],
  ];
  for (const [reason, finish] of meanings) {
    const final = first(read(start, words('a'), ...ending(reason)), 'final');
    assert.deepEqual([final?.finishReason, final?.model], [finish, 'answered'], reason);
  }
});

test('events that Anthropic may add are skipped', () => {
  assert.equal(textOf(read(start, { type: 'brand_new' }, { type: 'ping' }, words('a'), ...ending('end_turn'))), 'a');
});

test('without message_stop, or without a reason to stop, the message is not whole', () => {
  const truncated = { code: 'upstream', reason: 'TRUNCATED' };
  assert.throws(() => read(start, words('a')), truncated);
  assert.throws(() => read(start, words('a'), { type: 'message_stop' }), truncated);
});

test('calls of tools are counted apart from text and thoughts', () => {
  const block = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block });
  const json = (index: number, partial_json: string) => ({
    type: 'content_block_delta',
    index,
    delta: { type: 'input_json_delta', partial_json },
  });
  const events = read(
    start,
    block(0, { type: 'thinking', thinking: '' }),
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
    block(1, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
    json(1, ''),
    json(1, '{"x":1}'),
    block(2, { type: 'tool_use', id: 'b', name: 'g', input: {} }),
    ...ending('tool_use'),
  );
  const pieces = events.flatMap((event) => (event.kind === 'delta' ? (event.delta.toolCalls ?? []) : []));
  assert.deepEqual(pieces, [
    { id: 'a', name: 'f', index: 0 },
    { argumentsJson: '{"x":1}', index: 0 },
    { id: 'b', name: 'g', index: 1 },
  ]);
});
