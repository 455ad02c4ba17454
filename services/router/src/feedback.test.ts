import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  FeedbackRequestSchema,
  type LearnRequest,
  type LearnResponse,
  LearnResponseSchema,
  Source,
  Verdict,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { caller } from '../test/question.ts';
import { feedback } from './feedback.ts';

async function given(
  init: MessageInitShape<typeof FeedbackRequestSchema>,
  says: Partial<Pick<LearnResponse, 'removed' | 'quarantined'>> = { removed: 1 },
) {
  const told: LearnRequest[] = [];
  const learn = async (request: LearnRequest) => {
    told.push(request);
    return create(LearnResponseSchema, says);
  };
  const { removed, quarantined } = await feedback(caller, create(FeedbackRequestSchema, init), { learn });
  return { removed, quarantined, told };
}

test("a wrong answer is told to the cache under the caller's own tenant, and what it removed to the caller", async () => {
  const { told, removed } = await given({ entryId: 'e1', verdict: Verdict.WRONG });
  assert.equal(removed, 1);
  const [request] = told;
  assert.deepEqual(
    [request?.tenant, request?.entryId, request?.served, request?.source, request?.evidence],
    ['acme', 'e1', true, Source.UNSPECIFIED, { case: 'verdict', value: Verdict.WRONG }],
  );
});

test('of a semantic hit the confidence goes along, and a quarantine comes back', async () => {
  const hit = { entryId: 'e1', source: Source.SEMANTIC, confidence: 0.7 };
  const { told, quarantined } = await given({ ...hit, verdict: Verdict.WRONG }, { quarantined: true });
  assert.deepEqual([told[0]?.source, told[0]?.confidence, quarantined], [Source.SEMANTIC, 0.7, true]);
});

test('that a semantic hit was right is told; any other right answer just stays', async () => {
  const { told } = await given({ entryId: 'e1', verdict: Verdict.RIGHT, source: Source.SEMANTIC, confidence: 0.7 });
  assert.deepEqual(told[0]?.evidence, { case: 'verdict', value: Verdict.RIGHT });
  for (const source of [Source.UNSPECIFIED, Source.EXACT]) {
    const stays = await given({ entryId: 'e1', verdict: Verdict.RIGHT, source });
    assert.deepEqual(stays, { removed: 0, quarantined: false, told: [] });
  }
});

test('a judgement of nothing, or none of something, is refused with every fault', async () => {
  await assert.rejects(given({ verdict: Verdict.UNSPECIFIED }), ({ code, fields }: RefrainError) => {
    assert.equal(code, 'invalid');
    assert.deepEqual(
      fields.map(({ field }) => field),
      ['entry_id', 'verdict'],
    );
    return true;
  });
  await assert.rejects(given({ entryId: 'e1', verdict: 7 as Verdict }), { code: 'invalid' });
});

test('a verdict that was not heard does not look like one that was', async () => {
  const learn = () => Promise.reject(new RefrainError('unavailable', 'No.'));
  const request = create(FeedbackRequestSchema, { entryId: 'e1', verdict: Verdict.WRONG });
  await assert.rejects(feedback(caller, request, { learn }), { code: 'unavailable' });
});
