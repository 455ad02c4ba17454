/** What a worker promises its router: frames, refusals, keys, usage, drain. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { FinishReason, WorkRequestSchema, workSubject } from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import type { ProviderService } from '../src/service.ts';
import { chatOf } from './chats.ts';
import { cases, failureOf, type Rig, startRig, textOf } from './rig.ts';

describe('a worker', () => {
  let rig: Rig;
  let service: ProviderService;
  before(async () => {
    rig = await startRig();
    service = await rig.startWorkers(['sk-one-1234567', 'sk-two-1234567']);
  });
  after(() => rig.stop());

  it('answers frame by frame and settles the usage', async () => {
    rig.upstream.script({ text: 'Paris.', chunks: 2, paceMs: 20, usage: { prompt: 9, completion: 2 } });
    const asked = rig.open();
    const frames = await asked.frames;
    assert.deepEqual(
      cases(frames).filter((each) => each !== 'delta'),
      ['accepted', 'final'],
    );
    assert.equal(textOf(frames), 'Paris.');
    const last = frames.at(-1)?.body;
    assert.equal(last?.case, 'final');
    assert.equal(last.value.finishReason, FinishReason.STOP);
    assert.equal(last.value.usage?.promptTokens, 9);
    const record = await rig.recordOf(asked.attemptId);
    assert.equal(record.outcome, 'completed');
    assert.equal(record.tenant, 'acme');
    assert.equal(record.usage?.completionTokens, 2);
    assert.equal(record.usage?.estimated, false);
    assert.match(record.keyId, /^[0-9a-f]{12}$/);
  });

  it('stores each record once, by the id of its attempt', async () => {
    rig.upstream.script({}, {});
    const asked = [rig.open(), rig.open()];
    await Promise.all(asked.map((each) => each.frames));
    await Promise.all(asked.map((each) => rig.recordOf(each.attemptId)));
  });

  it('does not listen for a provider without keys', async () => {
    await assert.rejects(rig.ask({ provider: 'silent' }), { reason: 'NO_RESPONDERS' });
  });

  it('takes the keys in turn and never one that was tried', async () => {
    rig.upstream.script({}, {}, {});
    const ids = new Set<string>();
    for (let i = 0; i < 2; i += 1) {
      const [first] = await rig.ask();
      if (first?.body.case === 'accepted') ids.add(first.body.value.keyId);
    }
    assert.equal(ids.size, 2);
    const [one = ''] = ids;
    const [first] = await rig.ask({ excludedKeyIds: [one] });
    assert.ok(first?.body.case === 'accepted' && first.body.value.keyId !== one);
    const refused = failureOf(await rig.ask({ excludedKeyIds: [...ids] }));
    assert.deepEqual([refused.code, refused.reason], ['upstream_exhausted', 'NO_KEY']);
  });

  it('fails cleanly before the first token; a fault of the provider itself is no reason for another key', async () => {
    rig.upstream.script({ fault: { kind: 'failed' } });
    const asked = rig.open();
    const frames = await asked.frames;
    assert.deepEqual(cases(frames), ['accepted', 'failure']);
    assert.deepEqual([failureOf(frames).code, failureOf(frames).otherKeys], ['unavailable', false]);
    const record = await rig.recordOf(asked.attemptId);
    assert.equal(record.outcome, 'failed');
    assert.equal(record.usage?.promptTokens, 0);
  });

  it('fails as midstream after the first token, with an upper estimate of the usage', async () => {
    rig.upstream.script({ cut: 'middle', text: 'A longer answer that breaks off.', chunks: 4, paceMs: 20 });
    const asked = rig.open();
    const frames = await asked.frames;
    assert.equal(failureOf(frames).code, 'midstream');
    assert.equal(failureOf(frames).otherKeys, false);
    assert.equal(frames.at(-2)?.body.case, 'usage');
    const { usage } = await rig.recordOf(asked.attemptId);
    assert.ok(usage?.estimated && usage.promptTokens > 0 && usage.completionTokens > 0);
  });

  it('gives up on an upstream that does not begin, and on one that falls silent', async () => {
    rig.upstream.script({ hang: 'headers' }, { hang: 'first_token' }, { hang: 'middle' });
    for (const code of ['unavailable', 'unavailable', 'midstream']) {
      const refused = failureOf(await rig.ask());
      assert.deepEqual([refused.code, refused.reason], [code, 'UPSTREAM_SILENT']);
    }
  });

  it('says busy at once when its queue is full, and serves those that wait', async () => {
    rig.upstream.script({ paceMs: 60 }, { paceMs: 60 }, {});
    const { count } = rig.upstream;
    const running = [rig.ask(), rig.ask(), rig.ask()];
    await eventually(() => rig.upstream.count === count + 2);
    const busy = failureOf(await rig.ask());
    assert.deepEqual([busy.code, busy.reason], ['overloaded', 'BUSY']);
    assert.ok((busy.retryAfterMs ?? 0) > 0);
    for (const frames of await Promise.all(running)) assert.equal(frames.at(-1)?.body.case, 'final');
  });

  it('refuses before accepting what the provider cannot take, with the field', async () => {
    const asked = rig.open({ chat: chatOf('x', { seed: 2n ** 60n }) });
    const refused = await asked.frames;
    assert.deepEqual(cases(refused), ['failure']);
    assert.equal(failureOf(refused).code, 'unsupported');
    assert.match(failureOf(refused).message, /chat\.seed/);
    const records = await rig.storedRecords();
    assert.ok(!records.some((record) => record.attemptId === asked.attemptId), 'no attempt, no record');
  });

  it('is not disturbed by what is no work request, and answers one without a chat', async () => {
    rig.router.publish(workSubject('openai', 'high'), new Uint8Array([0xff, 0xff, 0xff]));
    const bytes = toBinary(WorkRequestSchema, create(WorkRequestSchema, { attemptId: 'x' }));
    const reply = await rig.router.request(workSubject('openai', 'low'), bytes, { timeoutMs: 1000 });
    assert.ok(Buffer.from(reply.data).includes('has no chat'));
  });

  it('lets a key rest as long as told and drops a refused one', async () => {
    // A model of its own: the mishaps above have made the keys back off.
    const model = 'm2';
    rig.upstream.script({ fault: { kind: 'rate_limited', retryAfterMs: 60_000 } }, { fault: { kind: 'bad_key' } });
    const first = failureOf(await rig.ask({ model }));
    assert.deepEqual([first.reason, first.otherKeys], ['RATE_LIMITED', true]);
    const second = failureOf(await rig.ask({ model }));
    assert.deepEqual([second.reason, second.otherKeys], ['KEY_REJECTED', false]);
    const third = failureOf(await rig.ask({ model }));
    assert.equal(third.reason, 'NO_KEY');
    assert.equal(third.code, 'upstream_exhausted');
    assert.ok((third.retryAfterMs ?? 0) > 55_000);
    assert.match(service.ready().parts.openai ?? '', /0 keys active, 1 resting, 1 disabled$/);
  });

  it('drains: finishes what it has taken, also from the queue, refuses what comes, loses no record', async () => {
    await service.drain(100);
    service = await rig.startWorkers(['sk-three-12345']);
    rig.upstream.script({ paceMs: 40, chunks: 5 }, { paceMs: 40, chunks: 5 }, {});
    const { count } = rig.upstream;
    const asked = [rig.open(), rig.open(), rig.open()];
    await eventually(() => rig.upstream.count === count + 2);
    await service.drain(5000);
    for (const each of asked) {
      assert.equal((await each.frames).at(-1)?.body.case, 'final');
      await rig.recordOf(each.attemptId);
    }
    await assert.rejects(rig.ask(), { reason: 'NO_RESPONDERS' });
  });

  it('stops what takes longer than the grace, and says so', async () => {
    service = await rig.startWorkers(['sk-four-123456']);
    rig.upstream.script({ paceMs: 200, chunks: 50, text: 'x'.repeat(50) });
    const asked = rig.open();
    await asked.accepted;
    await service.drain(50);
    const failure = failureOf(await asked.frames);
    assert.equal(failure.reason, 'STOPPING');
    assert.equal((await rig.recordOf(asked.attemptId)).outcome, 'failed');
  });
});
