import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FinishReason } from '@refrain/contracts';
import { first, readAll, textOf } from '../../../test/read.ts';
import { OllamaStream } from './parse-stream.ts';

const read = (...lines: object[]) =>
  readAll(new OllamaStream('asked'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
const says = (content: string, more: object = {}) => ({
  message: { role: 'assistant', content, ...more },
  done: false,
});
const done = (more: object = {}) => ({
  model: 'answered',
  message: { role: 'assistant', content: '' },
  done: true,
  ...more,
});

test('the last line tells the usage, the reason and the model', () => {
  const events = read(says('a'), done({ done_reason: 'length', prompt_eval_count: 5, eval_count: 2 }));
  assert.deepEqual(first(events, 'usage')?.usage, { promptTokens: 5, completionTokens: 2 });
  const { finishReason, model } = first(events, 'final') ?? {};
  assert.deepEqual([finishReason, model], [FinishReason.LENGTH, 'answered']);
});

test('counts that Ollama leaves out (a prompt it had cached) stay unknown', () => {
  assert.deepEqual(first(read(says('a'), done({ eval_count: 2 })), 'usage')?.usage, { completionTokens: 2 });
});

test('words in the last line count', () => {
  assert.equal(textOf(read(says('a'), done({ message: { content: 'b' } }))), 'ab');
});

test('thoughts are work, not words', () => {
  const events = read(says('', { thinking: 'hm' }), says('a'), done());
  assert.deepEqual([first(events, 'alive')?.thinking, textOf(events)], [true, 'a']);
});

test('calls get ids and positions of their own', () => {
  const call = (name: string) => says('', { tool_calls: [{ function: { name, arguments: { x: 1 } } }] });
  const events = read(call('f'), call('g'), done());
  const calls = events.flatMap((event) => (event.kind === 'delta' ? (event.delta.toolCalls ?? []) : []));
  assert.deepEqual(
    calls.map(({ name, index, argumentsJson }) => [name, index, argumentsJson]),
    [
      ['f', 0, '{"x":1}'],
      ['g', 1, '{"x":1}'],
    ],
  );
  assert.equal(new Set(calls.map(({ id }) => id)).size, 2);
  assert.equal(first(events, 'final')?.finishReason, FinishReason.TOOL_CALLS);
});

test('an error line, and a stream that stops without its last line', () => {
  assert.throws(() => read(says('a'), { error: 'broken' }), { reason: 'UPSTREAM_FAILED' });
  assert.throws(() => read(says('a')), { code: 'upstream', reason: 'TRUNCATED' });
});
