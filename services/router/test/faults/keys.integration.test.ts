/** What becomes of a provider's keys when it limits or refuses them. Provider `one` has two keys, `two` has one. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openState, type State } from '@refrain/state';
import { eventually, type Reply, type ServiceProcess, silentLog } from '@refrain/testkit';
import { providerKeys, startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { doors, type Outcome } from './outcome.ts';
import { readiness } from './readiness.ts';
import { answerRightly, freshQuestion, questionIn, rightAnswer, sameMeaningOnly } from './steady.ts';

const [firstKey = '', secondKey = ''] = providerKeys.ONE_API_KEYS.split(',');
let mesh: TestMesh;
let workers: ServiceProcess;
let state: State;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly });
  ({ workers } = mesh);
  state = openState({ url: mesh.redis.url, name: 'test', log: silentLog });
  await eventually(() => state.ready);
});
after(async () => {
  state.close();
  await mesh.stop();
});

beforeEach(async () => {
  // The pool of keys lives in Redis: each test begins with keys that nobody has used.
  await workers.stop();
  for await (const names of state.scan('refrain:keys:*')) await state.remove(names);
  workers = await mesh.start('provider');
  answerRightly(mesh);
  await eventually(async () => (await ask(mesh, 'grpc', freshQuestion())).source === 'provider', {
    what: 'the workers',
  });
});

test('a key that is limited rests exactly as long as told; the other one answers now, and goes on alone', async () => {
  const restMs = 1000;
  const limited = refuse(firstKey, { fault: { kind: 'rate_limited', retryAfterMs: restMs } }, 1);
  const outcomes = [await answered(), await answered()];
  assert.deepEqual(outcomes.map(({ attempts }) => attempts).sort(), [1, 2], 'the limited key cost one attempt, once');
  assert.equal(limited.refused.length, 1);
  const isUsedAgain = async () => {
    await answered();
    return keysUsed().at(-1) === firstKey;
  };
  await eventually(isUsedAgain, { what: 'the key to be used again' });
  const again = mesh.one.calls.findLast((call) => keyIn(call) === firstKey)?.arrivedAtMs ?? 0;
  const restedMs = again - (limited.refused[0] ?? 0);
  assert.ok(restedMs >= restMs && restedMs < restMs + 500, `it rested ${restedMs} ms`);
});

test('when all keys are limited the next provider answers at once, and this one is left alone until the first may be used', async () => {
  refuse(undefined, { fault: { kind: 'rate_limited', retryAfterMs: 60_000 } });
  assert.deepEqual(summary(await answered()), ['two', 3]);
  const calls = mesh.one.count;
  for (const door of doors) assert.deepEqual(summary(await answered(door)), ['two', 1]);
  assert.equal(mesh.one.count, calls);
});

test('when nobody else is left the caller hears when the first key is free again', async () => {
  refuse(undefined, { fault: { kind: 'rate_limited', retryAfterMs: 30_000 } });
  for (const door of doors) {
    const { error } = await ask(mesh, door, freshQuestion(), { model: 'one/large', noFallback: true });
    assert.equal(error?.code, door.startsWith('http') ? '503' : 'upstream_exhausted', door);
    const told = error.retryAfterMs ?? 0;
    assert.ok(told > 20_000 && told <= 30_000, `${door}: ${told} ms`);
  }
});

for (const kind of ['spend_limit', 'bad_key'] as const) {
  test(`${kind}: the key is not used again, the other one answers, and an operator can see it`, async () => {
    refuse(firstKey, { fault: { kind } });
    const outcomes = await Promise.all(doors.map((door) => answered(door)));
    assert.ok(outcomes.every(({ provider }) => provider === 'one'));
    const calls = mesh.one.count;
    for (const door of doors) assert.deepEqual(summary(await answered(door)), ['one', 1]);
    assert.deepEqual(
      keysUsed().slice(calls),
      doors.map(() => secondKey),
    );
    assert.match((await readiness(workers)).parts.one ?? '', /1 keys active, 0 resting, 1 disabled/);
  });
}

test('a key that dies under load, with three workers on one pool, costs no caller an error', async () => {
  const others = [await mesh.start('provider'), await mesh.start('provider')];
  let answers = 0;
  const dead: number[] = [];
  mesh.one.otherwise((call) => {
    if (keyIn(call) === firstKey && answers >= 40) {
      dead.push(call.arrivedAtMs);
      return { fault: { kind: 'bad_key' } };
    }
    answers += 1;
    return { text: rightAnswer(questionIn(call)), paceMs: 5 };
  });
  const askers = Array.from({ length: 16 }, async (_, i) => {
    for (let j = 0; j < 10; j += 1) assert.equal((await answered(doors[(i + j) % doors.length])).provider, 'one');
  });
  await Promise.all(askers);
  assert.ok(dead.length >= 1 && dead.length <= 16, `${dead.length} calls with the dead key, 16 were under way`);
  for (const each of others) assert.match((await readiness(each)).parts.one ?? '', /1 disabled|2 keys active/);
  await eventually(
    async () => /1 keys active, 0 resting, 1 disabled/.test((await readiness(workers)).parts.one ?? ''),
    {
      what: 'every worker to know',
    },
  );
  for (const each of others) await each.stop();
});

/** Lets provider `one` refuse a key (all, without one) the first so many times. */
function refuse(key: string | undefined, reply: Reply, times = Number.POSITIVE_INFINITY) {
  const refused: number[] = [];
  mesh.one.otherwise((call) => {
    const isMeant = key === undefined || keyIn(call) === key;
    if (!isMeant || refused.length >= times) return { text: rightAnswer(questionIn(call)) };
    refused.push(call.arrivedAtMs);
    return reply;
  });
  return { refused };
}

async function answered(door: Outcome['door'] = 'grpc'): Promise<Outcome> {
  const question = freshQuestion();
  const outcome = await ask(mesh, door, question);
  assert.deepEqual([outcome.error, outcome.text, outcome.degraded], [undefined, rightAnswer(question), false]);
  return outcome;
}

function summary({ attempts, provider }: Outcome) {
  return [provider, attempts];
}

function keyIn({ headers }: TestMesh['one']['calls'][number]): string {
  return (headers.authorization ?? '').replace(/^Bearer /, '');
}

function keysUsed(): string[] {
  return mesh.one.calls.map(keyIn);
}
