import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { StoreRequestSchema, StoreResponseSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { createOffer } from './offer.ts';

type Reply = MessageInitShape<typeof StoreResponseSchema> | RefrainError;
const byMeaning = { stored: true };
const busy = { stored: true, exactOnlyReason: 'embedder_busy' };
const away = new RefrainError('unavailable', 'Nothing answers.');

/** A cache that gives these replies, and the last of them for ever; time passes at once. */
function scripted(...replies: Reply[]) {
  const calls = { count: 0, pausesMs: [] as number[] };
  const store = async () => {
    const reply = replies[Math.min(calls.count, replies.length - 1)];
    calls.count += 1;
    if (reply instanceof RefrainError) throw reply;
    return create(StoreResponseSchema, reply);
  };
  const offer = createOffer({ store }, async (ms) => void calls.pausesMs.push(ms));
  return { calls, offer: () => offer(create(StoreRequestSchema)) };
}

test('an answer that a busy embedder had no time for is offered again until it is found by meaning', async () => {
  const { offer, calls } = scripted(busy, busy, byMeaning);
  assert.equal((await offer()).exactOnlyReason, '');
  assert.equal(calls.count, 3);
  assert.deepEqual(calls.pausesMs, [100, 200]);
});

test('what will never be found by meaning, or never be kept, is offered once', async () => {
  for (const reply of [{ stored: true, exactOnlyReason: 'code' }, { refusedReason: 'temperature' }]) {
    const { offer, calls } = scripted(reply);
    await offer();
    assert.equal(calls.count, 1);
  }
});

test('a cache that restarts is waited for; one that stays away is an error', async () => {
  assert.equal((await scripted(away, away, byMeaning).offer()).stored, true);
  await assert.rejects(scripted(away).offer(), { code: 'unavailable' });
  await assert.rejects(scripted({ refusedReason: 'redis_down' }).offer(), /takes nothing: redis_down/);
  await assert.rejects(scripted(new RefrainError('invalid', 'No.')).offer(), { code: 'invalid' });
});

test('a cache without a model is waited for once, and again only after it had one', async () => {
  const none = { stored: true, exactOnlyReason: 'no_model' };
  const replies: Reply[] = [none];
  const { offer, calls } = scripted(...replies);
  await offer();
  const first = calls.count;
  assert.ok(first > 1);
  await offer();
  assert.equal(calls.count, first + 1);
});
