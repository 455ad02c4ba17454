import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { InvalidateRequestSchema, Level, LookupRequestSchema, Role, StoreRequestSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { checkInvalidate, checkLookup, checkStore } from './check-request.ts';

const chat = { messages: [{ role: Role.USER, parts: [{ content: { case: 'text' as const, value: 'Hi?' } }] }] };
const good = { tenant: 't', chat, classification: {} };

function faultsOf(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    assert.ok(error instanceof RefrainError && error.code === 'invalid');
    return error.fields.map(({ field }) => field);
  }
}
const lookup = (init: MessageInitShape<typeof LookupRequestSchema>) =>
  faultsOf(() => checkLookup(create(LookupRequestSchema, init)));
const store = (init: MessageInitShape<typeof StoreRequestSchema>) =>
  faultsOf(() => checkStore(create(StoreRequestSchema, init)));
const invalidate = (init: MessageInitShape<typeof InvalidateRequestSchema>) =>
  faultsOf(() => checkInvalidate(create(InvalidateRequestSchema, init)));

test('a good request has no fault; the exact level alone needs no classification', () => {
  assert.deepEqual(lookup(good), []);
  assert.deepEqual(lookup({ tenant: 't', chat, levels: [Level.EXACT, Level.TEMPLATE] }), []);
  assert.deepEqual(store({ ...good, rank: 5, answer: { provenance: {} } }), []);
  assert.deepEqual(invalidate({ tenant: 't', selector: { case: 'all', value: true } }), []);
});

test('an exact key stands for the chat, at the exact level alone', () => {
  const exactKey = '0f'.repeat(32);
  assert.deepEqual(lookup({ tenant: 't', exactKey, levels: [Level.EXACT] }), []);
  assert.deepEqual(lookup({ tenant: 't', exactKey: 'x', levels: [Level.EXACT] }), ['exact_key']);
  assert.deepEqual(lookup({ ...good, exactKey, levels: [Level.EXACT, Level.SEMANTIC] }), ['exact_key']);
  assert.deepEqual(lookup({ ...good, exactKey }), ['exact_key']);
});

test('every fault of a lookup is named, all at once', () => {
  assert.deepEqual(lookup({ levels: [Level.EXACT, 9 as Level, Level.SEMANTIC], minimumConfidence: 2 }), [
    'tenant',
    'levels[1]',
    'classification',
    'minimum_confidence',
    'chat',
  ]);
  assert.deepEqual(lookup({ ...good, minimumConfidence: Number.NaN }), ['minimum_confidence']);
  assert.deepEqual(lookup({ ...good, tenant: 'x'.repeat(129) }), ['tenant']);
  assert.deepEqual(lookup({ ...good, chat: {} }), ['messages']);
  assert.deepEqual(lookup({ ...good, chat: { messages: [{ role: Role.USER }] } }), ['messages[0].content']);
});

test('every fault of a store is named', () => {
  assert.deepEqual(store({}), ['tenant', 'classification', 'answer', 'chat']);
  assert.deepEqual(store({ ...good, rank: 6, answer: {} }), ['answer.provenance', 'rank']);
});

test('what a store wishes for is checked: times, tags and their number', () => {
  const kept = { ...good, answer: { provenance: {} } };
  assert.deepEqual(store({ ...kept, ttlSeconds: 1, askedAtMs: 1n, tags: ['team:a', 'über', 'x'.repeat(64)] }), []);
  assert.deepEqual(store({ ...kept, ttlSeconds: 0, askedAtMs: -1n, tags: ['', 'a\nb', 'x'.repeat(65)] }), [
    'ttl_seconds',
    'asked_at_ms',
    'tags[0]',
    'tags[1]',
    'tags[2]',
  ]);
  assert.deepEqual(store({ ...kept, tags: Array.from({ length: 17 }, (_, i) => `t${i}`) }), ['tags']);
});

test('a removal has to say what, and never "nothing" or a pattern', () => {
  assert.deepEqual(invalidate({}), ['tenant', 'selector']);
  assert.deepEqual(invalidate({ tenant: 't', selector: { case: 'all', value: false } }), ['all']);
  assert.deepEqual(invalidate({ tenant: 't', selector: { case: 'partition', value: '*' } }), ['partition']);
  assert.deepEqual(invalidate({ tenant: 't', selector: { case: 'tag', value: '' } }), ['tag']);
  assert.deepEqual(invalidate({ tenant: 't', selector: { case: 'model', value: 'large' } }), ['model']);
  assert.deepEqual(invalidate({ tenant: 't', selector: { case: 'model', value: 'p/large' }, actor: 'x'.repeat(257) }), [
    'actor',
  ]);
  assert.deepEqual(invalidate({ tenant: 't', selector: { case: 'entryId', value: 'x' } }), ['entry_id']);
});
