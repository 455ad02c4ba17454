import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clone, create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Chat, ChatSchema, MessageSchema, Role } from '@refrain/contracts';
import { exactKey, partitionKey, policyVersion } from './key.ts';
import { validateChat } from './validate-chat.ts';

const scope = { tenant: 'acme', policy: 'p1', defaultMaxTokens: 1000 };
const user = (text: string) => ({ role: Role.USER, parts: [{ content: { case: 'text' as const, value: text } }] });
const chat = (init: MessageInitShape<typeof ChatSchema> = {}): Chat =>
  validateChat(create(ChatSchema, { messages: [user('What is the capital of France?')], ...init }));
const key = (init?: MessageInitShape<typeof ChatSchema>) => exactKey(chat(init), scope);

test('the same request has the same key, however it was typed or spelled out', () => {
  assert.equal(key(), key({ model: 'auto' }));
  assert.equal(key(), key({ maxTokens: 1000 }));
  assert.equal(key({ messages: [user('caf\u00e9\r\nx')] }), key({ messages: [user('cafe\u0301\nx')] }));
});

test('every field that can change the answer changes the key', () => {
  const tool = { name: 'f', description: 'd', parametersJson: '{}' };
  const variants: MessageInitShape<typeof ChatSchema>[] = [
    {},
    { model: 'fast' },
    { messages: [user('what is the capital of France?')] },
    { messages: [user('What is the capital of France? ')] },
    { messages: [{ role: Role.SYSTEM, parts: user('x').parts }, user('What is the capital of France?')] },
    { messages: [{ ...user('What is the capital of France?'), name: 'bob' }] },
    { tools: [tool] },
    { tools: [{ ...tool, strict: false }] },
    { tools: [{ ...tool, strict: true }] },
    { tools: [tool], toolChoice: { mode: 'required' } },
    { tools: [tool], toolChoice: { mode: 'function', name: 'f' } },
    { parallelToolCalls: false },
    { responseFormat: { type: 'json_object' } },
    { temperature: 0 },
    { temperature: 0.1 },
    { topP: 0.1 },
    { maxTokens: 5 },
    { seed: 1n },
    { stop: ['a'] },
    { stop: ['a', 'b'] },
    { presencePenalty: 1 },
    { frequencyPenalty: 1 },
    { reasoningEffort: 'low' },
  ];
  const keys = variants.map((variant) => key(variant));
  assert.equal(new Set(keys).size, variants.length);
});

test('tenant and policy are part of the key', () => {
  assert.notEqual(key(), exactKey(chat(), { ...scope, tenant: 'other' }));
  assert.notEqual(key(), exactKey(chat(), { ...scope, policy: 'p2' }));
});

test('text cannot move between fields or messages without changing the key', () => {
  // A generator with a fixed seed: pieces cut at random places must never collide.
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % n;
  };
  const seen = new Map<string, string>();
  const alphabet = ['1:', '{', '}', '[', ']', '-', 'a', '2:ab', ':', '0:'];
  for (let i = 0; i < 3000; i += 1) {
    const messages = Array.from({ length: 1 + random(3) }, () =>
      user(`x${Array.from({ length: random(4) }, () => alphabet[random(alphabet.length)]).join('')}`),
    );
    const stop = Array.from({ length: random(3) }, () => `s${alphabet[random(alphabet.length)]}`);
    const text = JSON.stringify([messages, stop]);
    const each = exactKey(create(ChatSchema, { messages, stop }), scope);
    const before = seen.get(each);
    assert.ok(before === undefined || before === text, `collision of ${before} and ${text}`);
    seen.set(each, text);
  }
});

test('questions that differ only in their words share a partition; another system prompt, sampling or language does not', () => {
  const partition = (init?: MessageInitShape<typeof ChatSchema>) => partitionKey(chat(init), scope);
  assert.equal(partition(), partition({ messages: [user('Tell me the capital of France')] }));
  assert.notEqual(partition(), partition({ temperature: 0.2 }));
  assert.notEqual(partition(), partition({ messages: [user('Was ist die Hauptstadt von Frankreich?')] }));
  assert.notEqual(
    partition(),
    partition({ messages: [{ role: Role.SYSTEM, parts: user('be brief').parts }, user('What is it?')] }),
  );
});

test('a key is computed without changing the request', () => {
  const before = chat();
  const copy = clone(ChatSchema, before);
  exactKey(before, scope);
  assert.deepEqual(before, copy);
});

test('the policy version follows the cache section', () => {
  assert.equal(policyVersion({ a: 1 }), policyVersion({ a: 1 }));
  assert.notEqual(policyVersion({ a: 1 }), policyVersion({ a: 2 }));
});

test('how the cache is run is no rule: going live after shadow mode loses neither answers nor what was learned', () => {
  const run = (more: object) => policyVersion({ semantic: { maxWrongHitRate: 0.01, ...more } });
  assert.equal(run({ shadow: true, reviewShare: 0.1 }), run({ shadow: false, hotVectors: 0, breakEven: true }));
  assert.notEqual(run({ maxWrongHitRate: 0.02 }), run({}));
});

test('who asks is part of the partition, what is asked is not', () => {
  const partition = (init: MessageInitShape<typeof ChatSchema>) => partitionKey(chat(init), scope);
  const question = user('What is my name?');
  assert.equal(partition({ messages: [question] }), partition({ messages: [user('What is the name I have?')] }));
  assert.notEqual(partition({ messages: [question] }), partition({ messages: [{ ...question, name: 'bob' }] }));
});

test('a field of a newer contract, anywhere in it, is never taken for none', () => {
  const plain = toBinary(ChatSchema, chat());
  // Field 99, of the chat itself and of its only message: a varint of 1, then one of 2.
  const newer = (value: number) => fromBinary(ChatSchema, new Uint8Array([...plain, 0x98, 0x06, value]));
  const keys = [chat(), newer(1), newer(2)].map((each) => exactKey(each, scope));
  assert.equal(new Set(keys).size, 3);
  const partitions = [chat(), newer(1), newer(2)].map((each) => partitionKey(each, scope));
  assert.equal(new Set(partitions).size, 3);
  const message = fromBinary(MessageSchema, new Uint8Array([0x08, Role.USER, 0x98, 0x06, 1]));
  const last = { ...chat(), messages: [{ ...message, parts: chat().messages[0]?.parts ?? [] }] };
  assert.notEqual(exactKey(last, scope), exactKey(chat(), scope));
  assert.notEqual(partitionKey(last, scope), partitionKey(chat(), scope));
});
