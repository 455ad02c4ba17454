import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { CostSchema, DeltaSchema, FinalSchema, FinishReason, ProvenanceSchema } from '@refrain/contracts';
import { AnswerBuilder } from './answer-builder.ts';

const build = (builder: AnswerBuilder) =>
  builder.build({
    requestId: 'r1',
    final: create(FinalSchema, { finishReason: FinishReason.TOOL_CALLS, usage: { promptTokens: 3 } }),
    cost: create(CostSchema, { nanoUsd: 7n }),
    provenance: create(ProvenanceSchema, { provider: 'one' }),
    nowMs: 1234,
  });

test('the text is the pieces in their order, and the rest is told', () => {
  const builder = new AnswerBuilder();
  for (const text of ['A ', '', 'monoid.']) builder.add(create(DeltaSchema, { text }));
  const { text, requestId, finishReason, usage, cost, provenance, createdAtMs } = build(builder);
  assert.deepEqual(
    [text, requestId, finishReason, usage?.promptTokens, cost?.nanoUsd, provenance?.provider, createdAtMs],
    ['A monoid.', 'r1', FinishReason.TOOL_CALLS, 3, 7n, 'one', 1234n],
  );
});

test('pieces of tool calls come together under their index, also when two are told in turns', () => {
  const builder = new AnswerBuilder();
  const piece = (index: number, id: string, name: string, argumentsJson: string) =>
    builder.add(create(DeltaSchema, { toolCalls: [{ index, id, name, argumentsJson }] }));
  piece(0, 'c1', 'look', '');
  piece(1, 'c2', 'tell', '{');
  piece(0, '', '', '{"at":');
  piece(1, '', '', '}');
  piece(0, '', '', '"sea"}');
  assert.deepEqual(
    build(builder).toolCalls.map(({ id, name, argumentsJson, index }) => [index, id, name, argumentsJson]),
    [
      [0, 'c1', 'look', '{"at":"sea"}'],
      [1, 'c2', 'tell', '{}'],
    ],
  );
});

test('a piece that was told stays as it was', () => {
  const builder = new AnswerBuilder();
  const first = create(DeltaSchema, { toolCalls: [{ index: 0, id: 'c1', argumentsJson: '{' }] });
  builder.add(first);
  builder.add(create(DeltaSchema, { toolCalls: [{ index: 0, argumentsJson: '}' }] }));
  assert.equal(first.toolCalls[0]?.argumentsJson, '{');
});
