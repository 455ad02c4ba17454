import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, dialogue, jsonOf, pictureChat, toolChat } from '../../../test/chats.ts';
import { toOllamaRequest } from './to-request.ts';

const request = (chat = chatOf('Hi'), contextTokens?: number) =>
  jsonOf(toOllamaRequest({ model: 'mistral:7b', chat, contextTokens }));

test('a plain question', () => {
  assert.deepEqual(request(chatOf('Hi', { temperature: 0, seed: 1n, stop: ['a'] })), {
    model: 'mistral:7b',
    messages: [{ role: 'user', content: 'Hi' }],
    stream: true,
    options: { temperature: 0, seed: 1, stop: ['a'], num_predict: 100 },
  });
});

test('a dialogue with a call of a tool and its result by the tool’s name', () => {
  const chat = { ...dialogue, messages: dialogue.messages.filter((_, i) => i !== 1) };
  assert.deepEqual(request(chat).messages, [
    { role: 'system', content: 'Be brief.' },
    { role: 'assistant', content: '', tool_calls: [{ function: { name: 'look', arguments: { at: 'a' } } }] },
    { role: 'tool', content: 'a cat', tool_name: 'look' },
    { role: 'user', content: 'Sure?' },
  ]);
});

test('a long prompt gets the room that Ollama would otherwise cut, within what the model can do', () => {
  assert.equal(request(chatOf('x'.repeat(9000))).options.num_ctx, undefined);
  assert.equal(request(chatOf('x'.repeat(15_000))).options.num_ctx, 8192);
  assert.equal(request(chatOf('x'.repeat(90_000)), 16_384).options.num_ctx, 16_384);
});

test('pictures by their bytes only', () => {
  assert.deepEqual(request(pictureChat('data:image/png;base64,aGk=')).messages[0].images, ['aGk=']);
  assert.throws(() => request(pictureChat('https://x.test/a.png')), { code: 'unsupported' });
});

test('tools are offered, not forced', () => {
  assert.equal(request(toolChat('auto')).tools[0].function.name, 'weather');
  assert.equal(request(toolChat('none')).tools, undefined);
  for (const mode of ['required', 'function'])
    assert.throws(() => request(toolChat(mode)), { code: 'unsupported', message: /chat\.tool_choice/ });
  assert.throws(() => request(toolChat('auto', { parallelToolCalls: false })), { code: 'unsupported' });
});

test('the shape of the answer and thinking', () => {
  assert.equal(request(chatOf('Hi', { responseFormat: { type: 'json_object' } })).format, 'json');
  const schema = { type: 'json_schema', schemaJson: '{"type":"object"}' };
  assert.deepEqual(request(chatOf('Hi', { responseFormat: schema })).format, { type: 'object' });
  assert.equal(request(chatOf('Hi', { reasoningEffort: 'minimal' })).think, 'low');
});
