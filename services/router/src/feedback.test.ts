import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { FeedbackRequestSchema, type InvalidateRequest, InvalidateResponseSchema, Verdict } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { caller } from '../test/question.ts';
import { feedback } from './feedback.ts';

async function given(init: MessageInitShape<typeof FeedbackRequestSchema>) {
  const asked: InvalidateRequest[] = [];
  const invalidate = async (request: InvalidateRequest) => {
    asked.push(request);
    return create(InvalidateResponseSchema, { removed: 1 });
  };
  const { removed } = await feedback(caller, create(FeedbackRequestSchema, init), { invalidate });
  return { removed, asked };
}

test("a wrong answer is taken out under the caller's own tenant", async () => {
  const { asked, removed } = await given({ entryId: 'e1', verdict: Verdict.WRONG });
  assert.equal(removed, 1);
  assert.deepEqual([asked[0]?.tenant, asked[0]?.selector], ['acme', { case: 'entryId', value: 'e1' }]);
});

test('a right answer stays', async () => {
  assert.deepEqual(await given({ entryId: 'e1', verdict: Verdict.RIGHT }), { removed: 0, asked: [] });
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

test('a removal that did not happen does not look like one', async () => {
  const invalidate = () => Promise.reject(new RefrainError('unavailable', 'No.'));
  const request = create(FeedbackRequestSchema, { entryId: 'e1', verdict: Verdict.WRONG });
  await assert.rejects(feedback(caller, request, { invalidate }), { code: 'unavailable' });
});
