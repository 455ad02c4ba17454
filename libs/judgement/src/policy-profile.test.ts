import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ChatSchema, Role } from '@refrain/contracts';
import { exactKey } from './key.ts';
import { applyProfile } from './policy-profile.ts';
import { textOf } from './question.ts';

const scope = { tenant: 'acme', policy: 'p', defaultMaxTokens: 1000 };
const profilesOf = (system: string) => ({ debug: { system, try: ['a/b'] } });
const chatOf = (model: string) =>
  create(ChatSchema, {
    model,
    messages: [{ role: Role.USER, parts: [{ content: { case: 'text', value: 'Why?' } }] }],
  });
const keyUnder = (system: string) => {
  const chat = chatOf('debug');
  applyProfile(chat, profilesOf(system));
  return exactKey(chat, scope);
};

test("a profile's system prompt stands before the chat, once, however often it is applied", () => {
  const chat = chatOf('debug');
  applyProfile(chat, profilesOf('You find faults.'));
  applyProfile(chat, profilesOf('You find faults.'));
  assert.deepEqual(
    chat.messages.map((message) => [message.role, textOf(message)]),
    [
      [Role.SYSTEM, 'You find faults.'],
      [Role.USER, 'Why?'],
    ],
  );
});

test('it is part of the exact key: another prompt under the same name never meets the answers of the old one', () => {
  assert.equal(keyUnder('You find faults.'), keyUnder('You find faults.'));
  assert.notEqual(keyUnder('You find faults.'), keyUnder('You find bugs.'));
});

test('other models, also those called like what every object has, are left alone', () => {
  for (const model of ['auto', 'constructor', '__proto__']) {
    const chat = chatOf(model);
    applyProfile(chat, profilesOf('You find faults.'));
    assert.equal(chat.messages.length, 1);
  }
});
