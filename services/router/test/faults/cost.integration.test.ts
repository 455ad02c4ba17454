/** Contract: money is exact, over retries, keys and providers: what an answer says it cost is what JetStream has on its account. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Bus, openBus } from '@refrain/bus';
import type { UsageRecord } from '@refrain/contracts';
import { costNanoUsd } from '@refrain/judgement';
import { eventually, type Reply, silentLog } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { doors, type Outcome } from './outcome.ts';
import { answerRightly, freshQuestion, questionIn, respelt, rightAnswer, sameMeaningOnly, teach } from './steady.ts';
import { usageRecords } from './usage.ts';

/** A thousand and two thousand nano-dollars a token, as `refrain.yaml` of the tests says. */
const price = { input: 1_000_000_000, output: 2_000_000_000 };
const usage = { prompt: 100, completion: 10 };
const paid = 100 * 1000 + 10 * 2000;
let mesh: TestMesh;
let bus: Bus;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly, patienceMs: 300 });
  bus = openBus({ url: mesh.nats.url, name: 'test', log: silentLog });
  answerRightly(mesh, () => ({ usage }));
});
after(async () => {
  await mesh.stop();
  await bus.drain();
});

test('an answer costs its tokens at their price; served again it costs nothing and saves just that', async () => {
  for (const door of doors) {
    const first = await ask(mesh, door, freshQuestion());
    assert.deepEqual(money(first), { source: 'provider', attempts: 1, nanoUsd: paid, savedNanoUsd: 0 });
    await assertOnAccount(first, ['completed']);
    await teach(mesh, first.question);
    const hit = await ask(mesh, door, first.question);
    assert.deepEqual(money(hit), { source: 'exact', attempts: 0, nanoUsd: 0, savedNanoUsd: paid });
    await eventually(async () => (await ask(mesh, door, respelt(first.question))).source === 'semantic', {
      what: 'an answer by meaning',
    });
    const near = await ask(mesh, door, respelt(first.question));
    assert.deepEqual(money(near), { source: 'semantic', attempts: 0, nanoUsd: 0, savedNanoUsd: paid });
  }
});

test('of many who share an answer one pays, and each of the others saves it', async () => {
  answerRightly(mesh, () => ({ usage, chunks: 4, paceMs: 30 }));
  const question = freshQuestion();
  const outcomes = await Promise.all(doors.flatMap((door) => [door, door]).map((door) => ask(mesh, door, question)));
  const [leader, ...others] = outcomes.sort((a, b) => b.nanoUsd - a.nanoUsd);
  assert.deepEqual(leader && money(leader), { source: 'provider', attempts: 1, nanoUsd: paid, savedNanoUsd: 0 });
  for (const each of others) {
    assert.deepEqual(money(each), { source: 'coalesced', attempts: 0, nanoUsd: 0, savedNanoUsd: paid });
  }
  if (leader) await assertOnAccount(leader, ['completed']);
});

test('an upstream that refuses costs attempts but no money', async () => {
  misbehave({ fault: { kind: 'failed' } });
  for (const door of doors) {
    const outcome = await ask(mesh, door, freshQuestion());
    assert.deepEqual(money(outcome), { source: 'provider', attempts: 3, nanoUsd: paid, savedNanoUsd: 0 });
    await assertOnAccount(outcome, ['failed', 'failed', 'completed']);
  }
});

test('an upstream that took the question and fell silent is paid an upper estimate, flagged, on top of who answered', async () => {
  misbehave({ hang: 'first_token' });
  const outcomes = await Promise.all(doors.map((door) => ask(mesh, door, freshQuestion())));
  for (const outcome of outcomes) {
    assert.deepEqual([outcome.provider, outcome.attempts], ['two', 2]);
    assert.ok(outcome.nanoUsd > paid);
    const [silent] = await assertOnAccount(outcome, ['failed', 'completed']);
    assert.ok(silent?.usage?.estimated);
  }
  const first = outcomes[0];
  if (!first) return;
  await teach(mesh, first.question);
  const hit = await ask(mesh, 'grpc', first.question);
  assert.equal(hit.savedNanoUsd, first.nanoUsd, 'a hit saves what the answer once cost, the failed attempt included');
});

test('an answer that breaks off, or whose caller leaves, is on the account with what was said, flagged as estimated', async () => {
  misbehave({ cut: 'middle', paceMs: 10 });
  const question = freshQuestion();
  const { error, requestId } = await ask(mesh, 'grpc-stream', question);
  assert.equal(error?.code, 'midstream');
  const [broken] = await recordsOf(requestId, 1);
  assert.deepEqual([broken?.outcome, broken?.usage?.estimated], ['failed', true]);
  assert.ok((broken?.usage?.completionTokens ?? 0) > 0);

  misbehave({ chunks: 50, paceMs: 20 });
  const leaving = new AbortController();
  const onText = (text: string) => text.length > 10 && leaving.abort();
  const left = await ask(mesh, 'grpc-stream', freshQuestion(), { signal: leaving.signal, onText });
  const [canceled] = await recordsOf(left.requestId, 1);
  assert.deepEqual([canceled?.outcome, canceled?.usage?.estimated], ['canceled', true]);
  assert.ok((canceled?.usage?.completionTokens ?? 0) > 0);
});

/** Lets provider `one` do something to every question. */
function misbehave(reply: Reply): void {
  answerRightly(mesh, () => ({ usage }));
  mesh.one.otherwise((call) => ({ text: rightAnswer(questionIn(call)), usage, ...reply }));
}

function money({ attempts, nanoUsd, savedNanoUsd, source }: Outcome) {
  return { source, attempts, nanoUsd, savedNanoUsd };
}

/** The records of a request, oldest first, once there are so many. */
async function recordsOf(requestId: string, count: number): Promise<UsageRecord[]> {
  let records: UsageRecord[] = [];
  const isThere = async () => {
    records = (await usageRecords(bus)).filter((record) => record.requestId === requestId);
    return records.length >= count;
  };
  await eventually(isThere, { what: `${count} usage records of ${requestId}` });
  return records.sort((a, b) => Number(a.finishedAtMs - b.finishedAtMs));
}

/** Every attempt is on the account once, and all of them together cost what the answer says. */
async function assertOnAccount({ nanoUsd, requestId }: Outcome, outcomes: readonly string[]): Promise<UsageRecord[]> {
  const records = await recordsOf(requestId, outcomes.length);
  assert.deepEqual(
    records.map(({ outcome }) => outcome),
    outcomes,
  );
  const sum = records.reduce((total, { usage: used }) => total + (used ? costNanoUsd(used, price) : 0n), 0n);
  assert.equal(Number(sum), nanoUsd);
  return records;
}
