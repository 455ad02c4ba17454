import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Source, Verdict } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { toFeedback } from './feedback-body.ts';

test('what an answer says of itself can be sent back as it is', () => {
  const { request, idField } = toFeedback({
    entry_id: 'e1',
    verdict: 'VERDICT_WRONG',
    source: 'semantic',
    confidence: 0.7,
  });
  const { entryId, verdict, source, confidence } = request;
  assert.equal(idField, 'entry_id');
  assert.deepEqual([entryId, verdict, source, confidence], ['e1', Verdict.WRONG, Source.SEMANTIC, 0.7]);
  assert.equal(toFeedback({ entryId: 'e1', source: 'SOURCE_EXACT' }).request.source, Source.EXACT);
  assert.equal(toFeedback({ entryId: 'e1' }).request.source, Source.UNSPECIFIED);
});

test('a source nobody knows, and what is no judgement, is refused', () => {
  for (const json of [{ entryId: 'e1', source: 'hearsay' }, { entryId: 7 }, [], null, 'wrong'])
    assert.throws(() => toFeedback(json), { code: 'invalid' });
});

test('what is wrong with a judgement is told by its name', () => {
  const fieldOf = (json: unknown) => {
    try {
      toFeedback(json);
    } catch (error) {
      return (error as RefrainError).fields[0]?.field;
    }
    throw new assert.AssertionError({ message: 'it was taken' });
  };
  assert.equal(fieldOf({ entryId: 'e1', verdict: 'VERDICT_SO_SO' }), 'verdict');
  assert.equal(fieldOf({ entryId: 'e1', source: 'hearsay' }), 'source');
  assert.equal(fieldOf({ entryId: 'e1', confidence: 'sure' }), 'confidence');
  assert.equal(fieldOf({ entry: 'e1' }), 'entry');
});
