/** Three workers on one pool of keys, under load. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Frame } from '@refrain/contracts';
import { eventually, type RecordedCall } from '@refrain/testkit';
import type { ProviderService } from '../src/service.ts';
import { failureOf, meshText, type Rig, startRig } from './rig.ts';

const keys = ['sk-load-one-123', 'sk-load-two-123', 'sk-load-three-1', 'sk-load-four-12'];
const keyIn = ({ headers }: RecordedCall) => String(headers.authorization).replace('Bearer ', '');
const isAnswer = (frames: readonly Frame[]) => frames.at(-1)?.body.case === 'final';

describe('three workers on one pool', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(() => rig.stop());

  /** Starts them with this in the provider's section of refrain.yaml. */
  const start = async (section: string): Promise<ProviderService[]> => {
    const mesh = meshText(rig.upstream.baseUrl)
      .replace('concurrency: 2', section)
      .replace('queue: 1\n', 'queue: 1000\n')
      .replace('firstChunkMs: 400', 'firstChunkMs: 20000');
    const services: ProviderService[] = [];
    for (let i = 0; i < 3; i += 1) services.push(await rig.startWorkers(keys, { mesh }));
    return services;
  };

  it('use no key beyond its limit, and tell the others when the first may be used again', async () => {
    const services = await start('strategy: least-used\n    concurrency: 50\n    limits: { requestsPerMinute: 30 }');
    const used = new Map<string, number>();
    rig.upstream.otherwise((call) => {
      used.set(keyIn(call), (used.get(keyIn(call)) ?? 0) + 1);
      return { paceMs: 2 };
    });
    const all = await Promise.all(Array.from({ length: 300 }, () => rig.ask()));
    assert.deepEqual([...used.values()], [30, 30, 30, 30]);
    assert.equal(all.filter(isAnswer).length, 120);
    for (const frames of all.filter((each) => !isAnswer(each))) {
      const { code, reason, retryAfterMs } = failureOf(frames);
      assert.deepEqual([code, reason], ['upstream_exhausted', 'NO_KEY']);
      assert.ok((retryAfterMs ?? 0) > 50_000 && (retryAfterMs ?? 0) <= 70_000, `${retryAfterMs} ms`);
    }
    for (const service of services) assert.match(service.ready().parts.openai ?? '', /4 keys active/);
  });

  it('have no more calls under way than the provider and each key may have; whoever waits is served', async () => {
    await start('strategy: round-robin\n    concurrency: 10\n    limits: { concurrency: 3 }');
    let most = 0;
    let mostOfKey = 0;
    const underWay: RecordedCall[] = [];
    rig.upstream.otherwise((call) => {
      underWay.push(call);
      const now = underWay.filter(({ finishedAtMs, abortedAtMs }) => (finishedAtMs ?? abortedAtMs) === undefined);
      most = Math.max(most, now.length);
      mostOfKey = Math.max(mostOfKey, now.filter((each) => keyIn(each) === keyIn(call)).length);
      return { paceMs: 5 };
    });
    const all = await Promise.all(Array.from({ length: 150 }, () => rig.ask()));
    assert.equal(all.filter(isAnswer).length, 150);
    // One that has said its last word may still be closing at the upstream while the next begins. Each for itself they would be 30.
    assert.ok(most > 3 && most <= 13, `${most} at once`);
    assert.ok(mostOfKey <= 5, `${mostOfKey} of a key at once`);
  });

  it('let a request wait for a place that another worker has, and no longer than its deadline', async () => {
    await start('concurrency: 1');
    rig.upstream.script({ paceMs: 150, chunks: 6, text: 'one two three' });
    const first = rig.open();
    await first.accepted;
    const waiting = Array.from({ length: 6 }, () => rig.open());
    const late = Array.from({ length: 6 }, () => rig.open({ remainingMs: 150 }));
    for (const { frames } of late) {
      const all = await frames;
      assert.deepEqual([all[0]?.body.case, failureOf(all).code], ['queued', 'deadline']);
    }
    assert.equal(rig.upstream.count, 1);
    for (const { frames } of [first, ...waiting]) assert.ok(isAnswer(await frames));
  });

  it('obey what the headers say is left, before the provider has to refuse anything', async () => {
    const services = await start('concurrency: 1');
    const left = new Map(keys.map((key) => [key, 5]));
    let refusals = 0;
    rig.upstream.otherwise((call) => {
      const key = keyIn(call);
      const now = left.get(key) ?? 0;
      left.set(key, now - 1);
      if (now <= 0) refusals += 1;
      const headers = {
        'x-ratelimit-limit-requests': '5',
        'x-ratelimit-remaining-requests': `${Math.max(0, now - 1)}`,
        'x-ratelimit-reset-requests': '60s',
      };
      return now > 0 ? { headers } : { headers, fault: { kind: 'rate_limited' } };
    });
    const all: Frame[][] = [];
    for (let i = 0; i < 30; i += 1) all.push(await rig.ask());
    assert.deepEqual([all.filter(isAnswer).length, refusals], [20, 0]);
    assert.ok(services.length === 3);
  });

  it('go on while Redis is away by what each knows, and agree again when it is back', async () => {
    const services = await start('concurrency: 50\n    limits: { requestsPerMinute: 50 }');
    rig.upstream.otherwise({});
    for (let i = 0; i < 12; i += 1) assert.ok(isAnswer(await rig.ask()));
    rig.upstream.script({ fault: { kind: 'bad_key' } });
    assert.equal(failureOf(await rig.ask()).reason, 'KEY_REJECTED');
    const saysOut = (service: ProviderService) =>
      /3 keys active, 0 resting, 1 disabled/.test(service.ready().parts.openai ?? '');
    await eventually(() => services.every(saysOut), { what: 'all workers to know of the refused key' });
    await rig.redis.kill();
    const used = new Map<string, number>();
    rig.upstream.otherwise((call) => {
      used.set(keyIn(call), (used.get(keyIn(call)) ?? 0) + 1);
      return {};
    });
    const away = await Promise.all(Array.from({ length: 30 }, () => rig.ask()));
    assert.ok(away.every(isAnswer), 'no request is lost');
    assert.equal(used.size, 3, 'the refused key stays out');
    assert.match(services.map((service) => service.ready().parts.openai).join(), /Redis is away/);
    await rig.redis.restart({ empty: true });
    await eventually(
      () => services.every((service) => service.ready().parts.openai === 'ready, 3 keys active, 0 resting, 1 disabled'),
      {
        what: 'the workers to agree again, a Redis without data having learned of the refused key',
        timeoutMs: 20_000,
      },
    );
    assert.ok(isAnswer(await rig.ask()));
  });
});
