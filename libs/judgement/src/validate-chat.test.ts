import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ChatSchema, Role } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { validateChat } from './validate-chat.ts';

const user = { role: Role.USER, parts: [{ content: { case: 'text' as const, value: 'Hi.' } }] };
const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

/** The fields at fault; none where the chat is taken. */
function faultsOf(init: Exclude<MessageInitShape<typeof ChatSchema>, { $typeName: string }>): string[] {
  try {
    validateChat(create(ChatSchema, { messages: [user], ...init }));
    return [];
  } catch (error) {
    return (error as RefrainError).fields.map(({ field }) => field);
  }
}

test('JSON of tools is taken up to a hundred levels, wherever it stands', () => {
  const tool = (depth: number) => ({ tools: [{ name: 'look', parametersJson: nested(depth) }] });
  const format = (depth: number) => ({ responseFormat: { type: 'json_schema', schemaJson: nested(depth) } });
  const call = (depth: number) => ({
    messages: [{ role: Role.ASSISTANT, toolCalls: [{ id: 'c1', name: 'look', argumentsJson: nested(depth) }] }, user],
  });
  for (const at of [tool, format, call]) assert.deepEqual(faultsOf(at(100)), []);
  assert.deepEqual(faultsOf(tool(101)), ['tools[0].parameters']);
  assert.deepEqual(faultsOf(format(101)), ['response_format.schema']);
  assert.deepEqual(faultsOf(call(101)), ['messages[0].tool_calls[0].function.arguments']);
});

test('half a million levels are refused as quickly as a hundred and one', () => {
  const began = performance.now();
  assert.deepEqual(faultsOf({ tools: [{ name: 'look', parametersJson: nested(500_000) }] }), ['tools[0].parameters']);
  assert.ok(performance.now() - began < 1000);
});

test('brackets within strings are no levels', () => {
  const schema = JSON.stringify({ description: `${'['.repeat(200)} \\" ${'{'.repeat(200)}` });
  assert.deepEqual(faultsOf({ tools: [{ name: 'look', parametersJson: schema }] }), []);
});
