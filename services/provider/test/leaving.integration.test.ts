/** A caller that left is not worked for, however it left. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { ControlKind, controlSubject } from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import { cases, failureOf, type Rig, startRig } from './rig.ts';

const long = { paceMs: 40, chunks: 50, text: 'x'.repeat(400) };
const silenceMs = 250;

describe('a worker whose caller leaves', () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig();
    await rig.startWorkers(['sk-one-1234567'], { silenceMs });
  });
  after(() => rig.stop());
  const upstreamClosed = () =>
    eventually(() => rig.upstream.calls.at(-1)?.abortedAtMs !== undefined, { what: 'the upstream to be closed' });

  /** Fills both places with attempts that their router keeps up; gives what ends them, at the latest with the test. */
  const occupy = async (t: TestContext): Promise<() => Promise<void>> => {
    rig.upstream.script(long, long);
    const { count } = rig.upstream;
    const busy = [rig.open(), rig.open()];
    const subjects = await Promise.all(busy.map((each) => each.accepted));
    await eventually(() => rig.upstream.count === count + 2, { what: 'both to be upstream' });
    const tell = (kind: ControlKind) => {
      for (const [i, each] of busy.entries()) rig.control(subjects[i] ?? '', each, kind);
    };
    const renewing = setInterval(() => tell(ControlKind.RENEW), silenceMs / 5);
    const release = async () => {
      clearInterval(renewing);
      tell(ControlKind.CANCEL);
      await Promise.all(busy.map((each) => each.frames));
    };
    t.after(release);
    return release;
  };

  it('closes the upstream when the router says cancel, and settles an estimate', async () => {
    rig.upstream.script(long);
    const asked = rig.open();
    rig.control(await asked.accepted, asked, ControlKind.CANCEL);
    const canceledAt = performance.now();
    assert.equal(failureOf(await asked.frames).code, 'canceled');
    await upstreamClosed();
    assert.ok((rig.upstream.calls.at(-1)?.abortedAtMs ?? 0) - canceledAt < 500);
    const record = await rig.recordOf(asked.attemptId);
    assert.equal(record.outcome, 'canceled');
    assert.ok(record.usage?.estimated && record.usage.promptTokens > 0);
  });

  it('gives up when its router falls silent', async () => {
    rig.upstream.script(long);
    const asked = rig.open();
    const failure = failureOf(await asked.frames);
    assert.deepEqual([failure.code, failure.reason], ['canceled', 'ABANDONED']);
    await upstreamClosed();
    assert.equal((await rig.recordOf(asked.attemptId)).outcome, 'abandoned');
  });

  it('goes on as long as its router renews, and answers each renewal while the upstream only thinks', async () => {
    rig.upstream.script({ paceMs: 250, chunks: 3, text: 'abc' });
    const asked = rig.open();
    const subject = await asked.accepted;
    const renewing = setInterval(() => rig.control(subject, asked, ControlKind.RENEW), silenceMs / 5);
    const frames = await asked.frames;
    clearInterval(renewing);
    assert.equal(frames.at(-1)?.body.case, 'final');
    assert.ok(cases(frames).filter((each) => each === undefined).length >= 5, JSON.stringify(cases(frames)));
  });

  it('takes a canceled request out of the queue at once: the upstream is never asked, the place is free', async (t) => {
    const release = await occupy(t);
    const { count } = rig.upstream;
    const waiting = rig.open();
    const isQueued = async () => failureOf(await rig.ask({ remainingMs: 0 })).reason === 'BUSY';
    await eventually(isQueued, { what: 'the queue to be full' });
    rig.control(controlSubject('openai'), waiting, ControlKind.CANCEL);
    const frames = await waiting.frames;
    assert.deepEqual(cases(frames), ['queued', 'failure']);
    assert.equal(failureOf(frames).code, 'canceled');
    const next = rig.open();
    assert.equal(await isQueued(), true, 'the next one took the place');
    await release();
    rig.control(await next.accepted, next, ControlKind.CANCEL);
    await next.frames;
    assert.equal(rig.upstream.count, count + 1);
    const records = await rig.storedRecords();
    assert.ok(!records.some((record) => record.attemptId === waiting.attemptId), 'no attempt, no record');
  });

  it('takes a request out of the queue whose router fell silent', async (t) => {
    const release = await occupy(t);
    const { count } = rig.upstream;
    const waiting = rig.open();
    const frames = await waiting.frames;
    assert.deepEqual([cases(frames), failureOf(frames).reason], [['queued', 'failure'], 'ABANDONED']);
    await release();
    assert.equal(rig.upstream.count, count);
  });

  it('does not begin what has waited beyond its deadline', async (t) => {
    const release = await occupy(t);
    const { count } = rig.upstream;
    const began = performance.now();
    const waiting = rig.open({ remainingMs: 150 });
    await eventually(() => performance.now() - began > 170);
    await release();
    const frames = await waiting.frames;
    assert.deepEqual([cases(frames), failureOf(frames).code], [['queued', 'failure'], 'deadline']);
    assert.equal(rig.upstream.count, count);
  });

  it('ends at the deadline of the request', async () => {
    rig.upstream.script({ hang: 'headers' });
    assert.equal(failureOf(await rig.ask({ remainingMs: 100 })).code, 'deadline');
    await upstreamClosed();
  });

  it('closes the upstream when NATS goes away, and stores the record once it is back', async () => {
    rig.upstream.script(long);
    const asked = rig.open();
    const failed = assert.rejects(asked.frames, { reason: 'BUS_DOWN' });
    await asked.accepted;
    await eventually(() => rig.upstream.calls.at(-1)?.finishedAtMs === undefined);
    await rig.nats.kill();
    await failed;
    await upstreamClosed();
    await rig.nats.restart();
    const record = await rig.recordOf(asked.attemptId);
    assert.equal(record.outcome, 'abandoned');
    rig.upstream.script({});
    await eventually(() =>
      rig.ask().then(
        (frames) => frames.at(-1)?.body.case === 'final',
        () => false,
      ),
    );
  });
});
