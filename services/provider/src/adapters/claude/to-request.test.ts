import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ChatSchema, Role } from '@refrain/contracts';
import { chatOf, dialogue, jsonOf, pictureChat, toolChat } from '../../../test/chats.ts';
import { toClaudeRequest } from './to-request.ts';

const request = (chat = chatOf('Hi')) => jsonOf(toClaudeRequest({ model: 'claude-x', chat }));

test('a plain question, with the limit that Claude insists on', () => {
  assert.deepEqual(request(chatOf('Hi', { maxTokens: undefined })), {
    model: 'claude-x',
    max_tokens: 1000,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    stream: true,
  });
});

test('system messages stand apart, neighbours of one role are one turn, results of tools are the user’s', () => {
  const { system, messages } = request(dialogue);
  assert.equal(system, 'Be brief.');
  assert.deepEqual(messages, [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
      ],
    },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'look', input: { at: 'a' } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_1', content: 'a cat' },
        { type: 'text', text: 'Sure?' },
      ],
    },
  ]);
});

test('a dialogue of system messages alone is asked as a question', () => {
  const system = create(ChatSchema, {
    messages: [{ role: Role.SYSTEM, parts: [{ content: { case: 'text', value: 'Write a poem.' } }] }],
  });
  const { messages, system: none } = request(system);
  assert.deepEqual(messages, [{ role: 'user', content: [{ type: 'text', text: 'Write a poem.' }] }]);
  assert.equal(none, undefined);
});

test('empty texts, which Claude refuses, are left out', () => {
  const parts = ['', 'Hi'].map((value) => ({ content: { case: 'text' as const, value } }));
  assert.deepEqual(request(chatOf('', { messages: [{ role: Role.USER, parts }] })).messages[0].content, [
    { type: 'text', text: 'Hi' },
  ]);
});

test('a picture in the request itself is sent as its bytes', () => {
  assert.deepEqual(request(pictureChat('data:image/PNG;base64,aGk=')).messages[0].content[1], {
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: 'aGk=' },
  });
});

test('tools and how they may be used', () => {
  const { tools, tool_choice } = request(toolChat('function', { parallelToolCalls: false }));
  assert.deepEqual(tools, [
    {
      name: 'weather',
      description: 'The weather',
      input_schema: { type: 'object', properties: { city: { type: 'string' } } },
      strict: true,
    },
  ]);
  assert.deepEqual(tool_choice, { type: 'tool', name: 'weather', disable_parallel_tool_use: true });
  for (const [mode, type] of [
    ['', 'auto'],
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'any'],
  ] as const)
    assert.equal(request(toolChat(mode)).tool_choice.type, type);
  assert.deepEqual(request(toolChat('none', { parallelToolCalls: false })).tool_choice, { type: 'none' });
});

test('effort and the shape of the answer', () => {
  const responseFormat = { type: 'json_schema', schemaJson: '{"type":"object"}' };
  assert.deepEqual(request(chatOf('Hi', { reasoningEffort: 'minimal', responseFormat })).output_config, {
    effort: 'low',
    format: { type: 'json_schema', schema: { type: 'object' } },
  });
});

test('what Claude cannot do is refused with its field, what changes nothing is not', () => {
  const refused: [object, RegExp][] = [
    [{ seed: 1n }, /chat\.seed/],
    [{ presencePenalty: 0.5 }, /chat\.presence_penalty/],
    [{ frequencyPenalty: 0.5 }, /chat\.frequency_penalty/],
    [{ temperature: 1.5 }, /chat\.temperature/],
    [{ responseFormat: { type: 'json_object' } }, /chat\.response_format/],
  ];
  for (const [more, message] of refused)
    assert.throws(() => request(chatOf('Hi', more)), { code: 'unsupported', message });
  request(chatOf('Hi', { presencePenalty: 0, frequencyPenalty: 0, temperature: 1 }));
});
