import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, dialogue, jsonOf, toolChat } from '../../../test/chats.ts';
import { toOpenAiRequest } from './to-request.ts';

const request = (chat = chatOf('Hi'), model = 'gpt-4.1', official = true) =>
  jsonOf(toOpenAiRequest({ model, chat }, official));

test('a plain question: the model, the dialogue, a stream with usage, and nothing that was not said', () => {
  assert.deepEqual(request(chatOf('Hi', { maxTokens: undefined })), {
    model: 'gpt-4.1',
    messages: [{ role: 'user', content: 'Hi' }],
    stream: true,
    stream_options: { include_usage: true },
  });
});

test('every parameter goes through under its name, zero included', () => {
  const chat = chatOf('Hi', {
    temperature: 0,
    topP: 0.5,
    maxTokens: 7,
    seed: 42n,
    stop: ['a'],
    presencePenalty: 0,
    frequencyPenalty: -1,
    reasoningEffort: 'low',
  });
  const { messages: _, model: __, stream: ___, stream_options: ____, ...rest } = request(chat);
  assert.deepEqual(rest, {
    temperature: 0,
    top_p: 0.5,
    max_tokens: 7,
    seed: 42,
    stop: ['a'],
    presence_penalty: 0,
    frequency_penalty: -1,
    reasoning_effort: 'low',
  });
});

test("OpenAI's newer models get max_completion_tokens, everybody else max_tokens", () => {
  for (const [model, official, name] of [
    ['o3-mini', true, 'max_completion_tokens'],
    ['gpt-5.1', true, 'max_completion_tokens'],
    ['gpt-4.1', true, 'max_tokens'],
    ['gpt-5.1', false, 'max_tokens'],
  ] as const)
    assert.equal(request(chatOf('Hi', { maxTokens: 7 }), model, official)[name], 7, `${model} ${official}`);
});

test('a whole dialogue with tool calls, their results and a picture', () => {
  assert.deepEqual(request(dialogue).messages, [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"a"}' } }],
    },
    { role: 'tool', content: 'a cat', tool_call_id: 'call_1' },
    { role: 'user', content: 'Sure?' },
  ]);
});

test('tools and how they may be used', () => {
  const { tools, tool_choice, parallel_tool_calls } = request(toolChat('function', { parallelToolCalls: false }));
  assert.deepEqual(tools, [
    {
      type: 'function',
      function: {
        name: 'weather',
        description: 'The weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
        strict: true,
      },
    },
  ]);
  assert.deepEqual([tool_choice, parallel_tool_calls], [{ type: 'function', function: { name: 'weather' } }, false]);
  assert.equal(request(toolChat('required')).tool_choice, 'required');
});

test('the shape of the answer', () => {
  const schema = { type: 'json_schema', schemaName: '', schemaJson: '{"type":"object"}', strict: true };
  assert.deepEqual(request(chatOf('Hi', { responseFormat: schema })).response_format, {
    type: 'json_schema',
    json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
  });
  assert.deepEqual(request(chatOf('Hi', { responseFormat: { type: 'json_object' } })).response_format, {
    type: 'json_object',
  });
});

test('what cannot be sent is refused with its field', () => {
  assert.throws(() => request(chatOf('Hi', { seed: 2n ** 53n })), { code: 'unsupported', message: /chat\.seed/ });
  assert.throws(() => request(toolChat('auto', {}, 'not json')), { code: 'invalid', message: /chat\.tools\[0\]/ });
});
