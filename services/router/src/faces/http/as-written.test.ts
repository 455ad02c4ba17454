import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { validateChat } from '@refrain/judgement';
import { fieldOfChat, renamed } from './as-written.ts';
import { parseChatCompletion, toChat } from './to-chat.ts';

/** What is wrong with a body that could be read, by the names its sender hears. */
function faultsOf(json: object): readonly string[] {
  const body = parseChatCompletion({ messages: [{ role: 'user', content: 'Hi.' }], ...json });
  try {
    validateChat(toChat(body));
  } catch (error) {
    assert.ok(error instanceof RefrainError);
    const { fields, message } = renamed(error, fieldOfChat(body, {}));
    assert.ok(message.startsWith(`${fields[0]?.field} `), message);
    return fields.map(({ field }) => field);
  }
  throw new assert.AssertionError({ message: 'the body was accepted' });
}

const says = (content: unknown, role = 'user') => ({ messages: [{ role, content }] });
const look = { type: 'function', function: { name: 'look' } };
const deep = JSON.parse(`{"a":${'['.repeat(200)}${']'.repeat(200)}}`);
const call = { id: 'c', type: 'function', function: { name: 'look', arguments: '['.repeat(101) } };

for (const [what, json, ...fields] of [
  ['an empty text', says(' '), 'messages[0].content'],
  ['a list of empty parts', says([{ type: 'text', text: '' }]), 'messages[0].content'],
  [
    'an image that cannot be asked for',
    says([
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: { url: 'ftp://x' } },
    ]),
    'messages[0].content[1].image_url.url',
  ],
  [
    'an answer as the last message',
    { messages: [{ role: 'assistant', content: null, refusal: '' }] },
    'messages[0].refusal',
    'messages[0].role',
  ],
  [
    'a call nested too deep',
    {
      messages: [
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', content: 'x', tool_call_id: 'c' },
      ],
    },
    'messages[0].tool_calls[0].function.arguments',
  ],
  [
    'a tool result for no call',
    { messages: [{ role: 'tool', content: 'x', tool_call_id: '' }] },
    'messages[0].tool_call_id',
  ],
  [
    'numbers beyond their range',
    { temperature: 3, top_p: -1, presence_penalty: 3, frequency_penalty: -3 },
    'temperature',
    'top_p',
    'presence_penalty',
    'frequency_penalty',
  ],
  ['too many stops', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
  [
    'a tool with a name of two words',
    { tools: [look, { type: 'function', function: { name: 'look up' } }] },
    'tools[1].function.name',
  ],
  [
    'a tool nested too deep',
    { tools: [{ type: 'function', function: { name: 'look', parameters: deep } }] },
    'tools[0].function.parameters',
  ],
  ['a tool that must be called and is not there', { tool_choice: 'required' }, 'tool_choice'],
  [
    'a tool that is not there',
    { tools: [look], tool_choice: { type: 'function', function: { name: 'see' } } },
    'tool_choice.function.name',
  ],
  [
    'a form without its schema',
    { response_format: { type: 'json_schema', json_schema: { name: 's' } } },
    'response_format.json_schema.schema',
  ],
] as const)
  test(`${what} is told by the field that the caller wrote: ${fields.join(', ')}`, () => {
    assert.deepEqual(faultsOf(json), fields);
  });

test('the limit of an answer is named as it was asked for', () => {
  const error = new RefrainError('invalid', 'max_tokens is too much.', {
    fields: [{ field: 'max_tokens', description: 'is too much' }],
  });
  const messageTo = (json: object) => {
    const body = parseChatCompletion({ messages: [{ role: 'user', content: 'Hi.' }], ...json });
    return renamed(error, fieldOfChat(body, {})).message;
  };
  assert.equal(messageTo({ max_tokens: 5 }), 'max_tokens is too much.');
  assert.equal(messageTo({ max_completion_tokens: 5 }), 'max_completion_tokens is too much.');
});

test('what was asked by a header is named by that header', () => {
  const body = parseChatCompletion({ messages: [{ role: 'user', content: 'Hi.' }] });
  const name = fieldOfChat(body, {});
  assert.deepEqual(['options.tags[3]', 'options.tags', 'options.minimum_confidence', 'options.ttl_seconds'].map(name), [
    'x-refrain-cache-tags',
    'x-refrain-cache-tags',
    'x-refrain-minimum-confidence',
    'x-refrain-cache-ttl',
  ]);
  assert.equal(fieldOfChat(body, { 'x-openrouter-cache-ttl': '9' })('options.ttl_seconds'), 'x-openrouter-cache-ttl');
});

test('all else of an error stays as it is', () => {
  const cause = new Error('why');
  const fields = [{ field: 'model', description: 'is not known' }];
  const error = new RefrainError('not_found', 'There is no model x.', {
    reason: 'MODEL_NOT_FOUND',
    retryAfterMs: 5,
    cause,
    fields,
  });
  const { code, message, reason, retryAfterMs, ...rest } = renamed(error, (field) => `their ${field}`);
  assert.deepEqual([code, message, reason, retryAfterMs], ['not_found', 'There is no model x.', 'MODEL_NOT_FOUND', 5]);
  assert.equal(rest.fields[0]?.field, 'their model');
  assert.equal(renamed(error, () => 'x').cause, cause);
});
