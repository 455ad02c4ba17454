import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { FinishReason, LearnResponseSchema, Source, Verdict } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { answerOf } from '../../test/question.ts';
import { recordedMetrics } from '../../test/recorded-metrics.ts';
import { Evidence } from './evidence.ts';

const hit = { tenant: 'acme', entryId: 'e1', confidence: 0.7, served: false };

function evidenceThat(learn: ConstructorParameters<typeof Evidence>[0]['cache']['learn']) {
  const metrics = recordedMetrics();
  return { evidence: new Evidence({ cache: { learn }, metrics }), lines: metrics.lines };
}

test('what the cache makes of it is counted, for shadow and review apart', async () => {
  const verdicts = [Verdict.RIGHT, Verdict.WRONG, Verdict.UNSPECIFIED];
  const { evidence, lines } = evidenceThat(async () => create(LearnResponseSchema, { verdict: verdicts.shift() ?? 0 }));
  for (const served of [false, true, true]) evidence.tell({ ...hit, served }, answerOf('Fresh.'));
  await evidence.drain();
  assert.deepEqual(lines, ['learned shadow right', 'learned review wrong', 'learned review unsure']);
});

test('an answer that may not be kept proves nothing, and the cache does not hear of it', async () => {
  const { evidence, lines } = evidenceThat(() => assert.fail('told'));
  evidence.tell(hit, answerOf('Half an ans', { finishReason: FinishReason.LENGTH }));
  evidence.tell(hit, answerOf('I’m sorry, but I can’t help with that.'));
  evidence.tell(hit, answerOf('At nine.', { provenance: { source: Source.TEMPLATE } }));
  await evidence.drain();
  assert.deepEqual(lines, ['learned shadow truncated', 'learned shadow refusal', 'learned shadow source']);
});

test('a cache that is away or slow is counted, and no more wait for it than a hundred', async () => {
  const { evidence, lines } = evidenceThat(() => Promise.reject(new RefrainError('unavailable', 'No.')));
  for (let i = 0; i < 101; i += 1) evidence.tell(hit, answerOf('Fresh.'));
  assert.deepEqual(lines, ['learned shadow too_many']);
  await evidence.drain();
  assert.equal(lines.filter((line) => line === 'learned shadow unavailable').length, 100);
});
