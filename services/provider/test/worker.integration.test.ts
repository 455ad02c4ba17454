/** The worker as the router meets it: over a real NATS, in front of a scripted upstream. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Bus, openBus } from '@refrain/bus';
import {
  ControlKind,
  ControlSchema,
  FinishReason,
  type Frame,
  FrameSchema,
  type UsageRecord,
  UsageRecordSchema,
  usageStream,
  WorkRequestSchema,
  workSubject,
} from '@refrain/contracts';
import { Metrics, parseMeshConfig, Secret } from '@refrain/service';
import {
  eventually,
  type ScriptedUpstream,
  silentLog,
  startNats,
  startUpstream,
  type TestServer,
} from '@refrain/testkit';
import { type ProviderService, startProviderService } from '../src/service.ts';
import { createUpstreamClient, type UpstreamClient } from '../src/upstream/http.ts';
import { chatOf } from './chats.ts';

const meshText = (baseUrl: string) => `
version: 1
tiers:
  free: { lane: low, requestsPerMinute: 1 }
  basic: { lane: normal, requestsPerMinute: 1 }
  pro: { lane: high, requestsPerMinute: 1 }
  enterprise: { lane: high, requestsPerMinute: 1 }
providers:
  openai:
    adapter: openai
    baseUrl: ${baseUrl}
    keys: OPENAI
    concurrency: 2
    queue: 1
    firstChunkMs: 400
    interChunkMs: 300
    models: [{ name: m, rank: 3, contextTokens: 1000 }]
  silent:
    adapter: openai
    baseUrl: ${baseUrl}
    keys: SILENT
    models: [{ name: m, rank: 3, contextTokens: 1000 }]
routes: [{ try: [openai/m] }]
`;

describe('a worker', () => {
  let nats: TestServer;
  let bus: Bus;
  let router: Bus;
  let upstream: ScriptedUpstream;
  let client: UpstreamClient;
  let service: ProviderService | undefined;
  const records: UsageRecord[] = [];
  let attempts = 0;

  const start = (keys: readonly string[]) => {
    const mesh = parseMeshConfig(meshText(upstream.baseUrl), 'test.yaml');
    return startProviderService({
      mesh,
      providers: ['openai', 'silent'],
      keysOf: (stem) => (stem === 'OPENAI' ? keys.map((key) => new Secret(key)) : []),
      llama: { ollamaUrl: undefined, modelsFolder: '/nowhere' },
      bus,
      fetch: client.fetch,
      log: silentLog,
      metrics: new Metrics('provider'),
    });
  };

  const open = (more: MessageInitShape<typeof WorkRequestSchema> = {}) => {
    attempts += 1;
    const attemptId = `attempt-${attempts}`;
    const work = create(WorkRequestSchema, {
      attemptId,
      requestId: `request-${attempts}`,
      tenant: 'acme',
      user: 'ann',
      provider: 'openai',
      model: 'm',
      chat: chatOf('Hello?'),
      remainingMs: 10_000,
      ...more,
    });
    const abort = new AbortController();
    const bytes = toBinary(WorkRequestSchema, work);
    const frames = router.stream(workSubject('openai', 'high'), bytes, { signal: abort.signal, idleMs: 5000 });
    return { attemptId, frames, abort };
  };

  const collect = async (frames: AsyncIterable<Uint8Array>, onFrame: (frame: Frame) => void = () => undefined) => {
    const all: Frame[] = [];
    for await (const bytes of frames) {
      const frame = fromBinary(FrameSchema, bytes);
      all.push(frame);
      onFrame(frame);
      if (frame.body.case === 'final' || frame.body.case === 'failure') break;
    }
    assert.deepEqual(
      all.map((frame) => frame.seq),
      all.map((_, i) => i),
      'frames are numbered from 0 without a gap',
    );
    return all;
  };
  const ask = (more: MessageInitShape<typeof WorkRequestSchema> = {}) => collect(open(more).frames);
  const cases = (frames: readonly Frame[]) => frames.map((frame) => frame.body.case);
  const textOf = (frames: readonly Frame[]) =>
    frames.map(({ body }) => (body.case === 'delta' ? body.value.text : '')).join('');
  const failure = (frames: readonly Frame[]) => {
    const body = frames.at(-1)?.body;
    assert.equal(body?.case, 'failure');
    return body.value;
  };
  const recordOf = async (attemptId: string) => {
    await eventually(() => records.some((record) => record.attemptId === attemptId), {
      what: `the record of ${attemptId}`,
    });
    const [record, ...others] = records.filter((each) => each.attemptId === attemptId);
    assert.equal(others.length, 0, 'one record for an attempt');
    assert.ok(record);
    return record;
  };

  /** Asks with no time left until a worker is there to say so. */
  const served = () =>
    eventually(() =>
      ask({ remainingMs: 0 }).then(
        () => true,
        () => false,
      ),
    );

  before(async () => {
    nats = await startNats();
    bus = openBus({ url: nats.url, name: 'worker', log: silentLog });
    router = openBus({ url: nats.url, name: 'router', log: silentLog });
    await eventually(() => bus.connected && router.connected);
    await bus.ensureStream(usageStream);
    router.subscribe(
      'refrain.v1.usage.*',
      {},
      (message) => void records.push(fromBinary(UsageRecordSchema, message.data)),
    );
    upstream = await startUpstream('openai');
    client = createUpstreamClient();
    service = start(['sk-one-1234567', 'sk-two-1234567']);
    await served();
  });
  after(async () => {
    await service?.drain(100);
    client.close();
    await Promise.all([bus.drain(), router.drain()]);
    await upstream.stop();
    await nats.stop();
  });

  it('answers frame by frame and settles the usage', async () => {
    upstream.script({ text: 'Paris.', chunks: 2, paceMs: 20, usage: { prompt: 9, completion: 2 } });
    const asked = open();
    const frames = await collect(asked.frames);
    assert.deepEqual(
      cases(frames).filter((each) => each !== 'delta'),
      ['accepted', 'final'],
    );
    assert.equal(textOf(frames), 'Paris.');
    const last = frames.at(-1)?.body;
    assert.equal(last?.case, 'final');
    assert.equal(last.value.finishReason, FinishReason.STOP);
    assert.equal(last.value.usage?.promptTokens, 9);
    const record = await recordOf(asked.attemptId);
    assert.equal(record.outcome, 'completed');
    assert.equal(record.tenant, 'acme');
    assert.equal(record.usage?.completionTokens, 2);
    assert.equal(record.usage?.estimated, false);
    assert.match(record.keyId, /^[0-9a-f]{12}$/);
  });

  it('does not listen for a provider without keys', async () => {
    const bytes = toBinary(WorkRequestSchema, create(WorkRequestSchema, { attemptId: 'x', chat: chatOf('x') }));
    const frames = router.stream(workSubject('silent', 'high'), bytes, {
      signal: new AbortController().signal,
      idleMs: 5000,
    });
    await assert.rejects(collect(frames), { reason: 'NO_RESPONDERS' });
  });

  it('takes the keys in turn and never one that was tried', async () => {
    upstream.script({}, {}, {});
    const ids = new Set<string>();
    for (let i = 0; i < 2; i += 1) {
      const [first] = await ask();
      if (first?.body.case === 'accepted') ids.add(first.body.value.keyId);
    }
    assert.equal(ids.size, 2);
    const [one = ''] = ids;
    const [first] = await ask({ excludedKeyIds: [one] });
    assert.ok(first?.body.case === 'accepted' && first.body.value.keyId !== one);
    const refused = failure(await ask({ excludedKeyIds: [...ids] }));
    assert.deepEqual([refused.code, refused.reason], ['upstream_exhausted', 'NO_KEY']);
  });

  it('fails cleanly before the first token and says that another key is there', async () => {
    upstream.script({ fault: { kind: 'failed' } });
    const asked = open();
    const frames = await collect(asked.frames);
    assert.deepEqual(cases(frames), ['accepted', 'failure']);
    assert.deepEqual([failure(frames).code, failure(frames).otherKeys], ['unavailable', true]);
    const record = await recordOf(asked.attemptId);
    assert.equal(record.outcome, 'failed');
    assert.equal(record.usage?.promptTokens, 0);
  });

  it('fails as midstream after the first token, with an upper estimate of the usage', async () => {
    upstream.script({ cut: 'middle', text: 'A longer answer that breaks off.', chunks: 4 });
    const asked = open();
    const frames = await collect(asked.frames);
    assert.equal(failure(frames).code, 'midstream');
    assert.equal(failure(frames).otherKeys, false);
    assert.equal(frames.at(-2)?.body.case, 'usage');
    const { usage } = await recordOf(asked.attemptId);
    assert.ok(usage?.estimated && usage.promptTokens > 0 && usage.completionTokens > 0);
  });

  it('gives up on an upstream that does not begin, and on one that falls silent', async () => {
    upstream.script({ hang: 'headers' }, { hang: 'first_token' }, { hang: 'middle' });
    for (const code of ['unavailable', 'unavailable', 'midstream']) {
      const refused = failure(await ask());
      assert.deepEqual([refused.code, refused.reason], [code, 'UPSTREAM_SILENT']);
    }
  });

  it('ends at the deadline of the request', async () => {
    upstream.script({ hang: 'headers' });
    assert.equal(failure(await ask({ remainingMs: 100 })).code, 'deadline');
  });

  it('closes the upstream when the router says cancel, and settles', async () => {
    upstream.script({ paceMs: 50, chunks: 40, text: 'x'.repeat(400) });
    const asked = open();
    const frames = await collect(asked.frames, (frame) => {
      if (frame.body.case !== 'accepted') return;
      const control = create(ControlSchema, { attemptId: asked.attemptId, kind: ControlKind.CANCEL });
      router.publish(frame.body.value.controlSubject, toBinary(ControlSchema, control));
    });
    assert.equal(failure(frames).code, 'canceled');
    await eventually(() => upstream.calls.at(-1)?.abortedAtMs !== undefined);
    const record = await recordOf(asked.attemptId);
    assert.equal(record.outcome, 'canceled');
    assert.ok(record.usage?.estimated && record.usage.promptTokens > 0);
  });

  it('says at once that a request waits, busy when its queue is full, and serves those that wait', async () => {
    upstream.script({ paceMs: 60 }, { paceMs: 60 }, {});
    const running = [ask(), ask(), ask()];
    await eventually(() => upstream.calls.length >= 2);
    const busy = failure(await ask());
    assert.deepEqual([busy.code, busy.reason], ['overloaded', 'BUSY']);
    assert.ok((busy.retryAfterMs ?? 0) > 0);
    const served = await Promise.all(running);
    for (const frames of served) assert.equal(frames.at(-1)?.body.case, 'final');
    const begun = served.map((frames) => cases(frames).slice(0, 2).join()).sort();
    assert.deepEqual(begun, ['accepted,delta', 'accepted,delta', 'queued,accepted']);
  });

  it('refuses before accepting what the provider cannot take, with the field', async () => {
    const refused = await ask({ chat: chatOf('x', { seed: 2n ** 60n }) });
    assert.deepEqual(cases(refused), ['failure']);
    assert.equal(failure(refused).code, 'unsupported');
    assert.match(failure(refused).message, /chat\.seed/);
  });

  it('lets a key rest as long as told and drops a refused one', async () => {
    upstream.script({ fault: { kind: 'rate_limited', retryAfterMs: 60_000 } }, { fault: { kind: 'bad_key' } });
    assert.equal(failure(await ask()).reason, 'RATE_LIMITED');
    const second = failure(await ask());
    assert.deepEqual([second.reason, second.otherKeys], ['KEY_REJECTED', false]);
    const third = failure(await ask());
    assert.equal(third.reason, 'NO_KEY');
    assert.equal(third.code, 'upstream_exhausted');
    assert.ok((third.retryAfterMs ?? 0) > 55_000);
    assert.match(service?.ready().parts.openai ?? '', /0 keys active, 1 resting, 1 disabled/);
  });

  it('drains: finishes what runs, refuses what comes, loses no usage record', async () => {
    await service?.drain(100);
    service = start(['sk-three-12345']);
    await served();
    upstream.script({ paceMs: 40, chunks: 5 });
    const { count } = upstream;
    const asked = open();
    const answering = collect(asked.frames);
    await eventually(() => upstream.count > count);
    await service?.drain(5000);
    assert.equal((await answering).at(-1)?.body.case, 'final');
    await recordOf(asked.attemptId);
    await assert.rejects(ask(), { reason: 'NO_RESPONDERS' });
  });
});
