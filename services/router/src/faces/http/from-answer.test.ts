import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { FinishReason, ProvenanceSchema, Source } from '@refrain/contracts';
import { answerOf } from '../../../test/question.ts';
import { answerHeaders, toCompletionBody } from './from-answer.ts';

test("a whole answer has OpenAI's form, with where it came from beside it", () => {
  const answer = answerOf('A monoid.', {
    requestId: 'r1',
    createdAtMs: 1_700_000_000_500n,
    usage: { promptTokens: 10, completionTokens: 5, cachedPromptTokens: 4, reasoningTokens: 2 },
    provenance: {
      source: Source.SEMANTIC,
      provider: 'one',
      model: 'large',
      reason: 'cache:semantic',
      confidence: 0.97,
      entryId: 'e1',
      ageSeconds: 7,
      ttlSeconds: 60,
    },
    cost: { savedNanoUsd: 70n },
  });
  assert.deepEqual(toCompletionBody(answer), {
    id: 'chatcmpl-r1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'one/large',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'A monoid.', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
    refrain: {
      source: 'semantic',
      provider: 'one',
      model: 'large',
      reason: 'cache:semantic',
      attempts: 0,
      degraded: false,
      confidence: 0.97,
      entry_id: 'e1',
      age_seconds: 7,
      ttl_seconds: 60,
      cost_nano_usd: 0,
      saved_nano_usd: 70,
    },
  });
});

test('an answer of tool calls alone has no content', () => {
  const toolCalls = [{ id: 'c1', name: 'look', argumentsJson: '{"at":"sea"}' }];
  const [choice] = toCompletionBody(answerOf('', { toolCalls, finishReason: FinishReason.TOOL_CALLS })).choices;
  assert.equal(choice?.message.content, null);
  assert.equal(choice?.finish_reason, 'tool_calls');
  assert.deepEqual(choice?.message.tool_calls, [
    { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":"sea"}' } },
  ]);
});

test('headers say it before the first token, in ASCII whatever a model is called', () => {
  const provenance = create(ProvenanceSchema, {
    source: Source.PROVIDER,
    provider: 'one',
    model: '模型 1',
    reason: 'pinned',
  });
  assert.deepEqual(answerHeaders({ provenance }), {
    'x-refrain-cache': 'miss',
    'x-refrain-source': 'provider',
    'x-refrain-provider': 'one',
    'x-refrain-model': '%E6%A8%A1%E5%9E%8B%201',
    'x-refrain-reason': 'pinned',
    'x-refrain-degraded': 'false',
  });
  const cached = create(ProvenanceSchema, { source: Source.EXACT, entryId: 'e1', ageSeconds: 0, ttlSeconds: 60 });
  const headers = answerHeaders({ provenance: cached });
  assert.deepEqual([headers['x-refrain-entry'], headers.age, headers['x-refrain-cache-ttl']], ['e1', '0', '60']);
});

for (const [status, source, reason, bypassed] of [
  ['hit', Source.EXACT, 'cache:exact', false],
  ['hit', Source.SEMANTIC, 'cache:semantic', false],
  ['hit', Source.SEMANTIC, 'cache:alias', false],
  ['hit', Source.TEMPLATE, 'cache:template', false],
  // Its exact key was not to be looked up, a template was.
  ['hit', Source.TEMPLATE, 'cache:template', true],
  ['stale', Source.STALE, 'fallback:stale', false],
  ['miss', Source.PROVIDER, 'pinned', false],
  ['miss', Source.COALESCED, 'pinned', false],
  ['miss', Source.TEMPLATE, 'fallback:deadline', false],
  ['bypass', Source.PROVIDER, 'pinned', true],
  ['bypass', Source.TEMPLATE, 'fallback:deadline', true],
] as const) {
  test(`${reason} of an answer ${bypassed ? 'the cache was not asked for' : 'the cache was asked for'} is a ${status}`, () => {
    const provenance = create(ProvenanceSchema, { source, reason });
    assert.equal(answerHeaders({ provenance, bypassed })['x-refrain-cache'], status);
  });
}
