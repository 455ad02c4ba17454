import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Source, Verdict } from '@refrain/contracts';
import { toFeedback } from './feedback-body.ts';

test('what an answer says of itself can be sent back as it is', () => {
  const { entryId, verdict, source, confidence } = toFeedback({
    entry_id: 'e1',
    verdict: 'VERDICT_WRONG',
    source: 'semantic',
    confidence: 0.7,
  });
  assert.deepEqual([entryId, verdict, source, confidence], ['e1', Verdict.WRONG, Source.SEMANTIC, 0.7]);
  assert.equal(toFeedback({ entryId: 'e1', source: 'SOURCE_EXACT' }).source, Source.EXACT);
  assert.equal(toFeedback({ entryId: 'e1' }).source, Source.UNSPECIFIED);
});

test('a source nobody knows, and what is no judgement, is refused', () => {
  for (const json of [{ entryId: 'e1', source: 'hearsay' }, { entryId: 7 }, [], null, 'wrong'])
    assert.throws(() => toFeedback(json), { code: 'invalid' });
});
