import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ChatSchema, Role } from '@refrain/contracts';
import { chatOf, pictureChat, toolChat } from '../../../test/chats.ts';
import { toHistory } from './to-history.ts';

const dialogue = (...turns: [Role, string][]) =>
  create(ChatSchema, {
    messages: turns.map(([role, value]) => ({ role, parts: [{ content: { case: 'text' as const, value } }] })),
  });

test('the question is the last turn; an empty system prompt keeps the model’s own away', () => {
  assert.deepEqual(toHistory(chatOf('Hi')), { history: [{ type: 'system', text: '' }], question: 'Hi' });
  const chat = dialogue([Role.SYSTEM, 'Be brief.'], [Role.USER, 'a'], [Role.ASSISTANT, 'b'], [Role.USER, 'c']);
  assert.deepEqual(toHistory(chat), {
    history: [
      { type: 'system', text: 'Be brief.' },
      { type: 'user', text: 'a' },
      { type: 'model', response: ['b'] },
    ],
    question: 'c',
  });
});

test('system messages alone are asked as a question', () => {
  assert.equal(toHistory(dialogue([Role.SYSTEM, 'Write a poem.'])).question, 'Write a poem.');
});

test('what the small model cannot do is refused with its field', () => {
  const refused: [ReturnType<typeof chatOf>, RegExp][] = [
    [toolChat('auto'), /chat\.tools/],
    [pictureChat('https://x.test/a.png'), /image/],
    [chatOf('Hi', { responseFormat: { type: 'json_object' } }), /chat\.response_format/],
    [chatOf('Hi', { reasoningEffort: 'low' }), /chat\.reasoning_effort/],
    [dialogue([Role.USER, 'a'], [Role.ASSISTANT, 'b']), /chat\.messages/],
    [dialogue([Role.USER, 'a'], [Role.TOOL, 'b']), /chat\.messages/],
  ];
  for (const [chat, message] of refused) assert.throws(() => toHistory(chat), { code: 'unsupported', message });
  toHistory(toolChat('none'));
});
