/** Contract: what a user may spend is kept by the whole mesh; who has spent it is told so, and still gets what costs nothing. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { create, fromJsonString, toBinary } from '@bufbuild/protobuf';
import { type Bus, openBus } from '@refrain/bus';
import {
  AlertEventSchema,
  alertsStream,
  CompleteRequestSchema,
  decodeEvent,
  eventSubject,
  meshTenant,
  RouterService,
} from '@refrain/contracts';
import { costNanoUsd } from '@refrain/judgement';
import { openState, readSpend, type State } from '@refrain/state';
import { eventually, silentLog } from '@refrain/testkit';
import { usageRecords } from './faults/usage.ts';
import { chatOf } from './question.ts';
import { callRaw } from './raw-grpc.ts';
import { exactOnly, startMesh, type TestMesh } from './start-mesh.ts';

const secrets = { ann: 'key-of-ann', bob: 'key-of-bob', cyd: 'key-of-cyd' };
const keys = Object.entries(secrets)
  .map(
    ([user, secret]) =>
      `  - { hash: "sha256:${hash('sha256', secret, 'hex')}", tenant: acme, user: ${user}, tier: pro }\n`,
  )
  .join('');
/** Nano-dollars. */
const budget = 2_000_000;
const money = `money: { perUsd: 1, budgets: { users: { acme/ann: { day: ${budget / 1e9} } } } }\n`;
/** A thousand and two thousand nano-dollars a token. */
const usage = { prompt: 100, completion: 10 };
const paid = 120_000;

describe('a mesh with budgets', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let state: State;
  let bus: Bus;
  before(async () => {
    mesh = await startMesh({ extra: `${exactOnly}keys:\n${keys}${money}` });
    state = openState({ url: mesh.redis.url, name: 'test', log: silentLog });
    bus = openBus({ url: mesh.nats.url, name: 'test', log: silentLog });
    await eventually(() => state.ready && bus.connected);
  });
  after(async () => {
    state?.close();
    await bus?.drain();
    await mesh?.stop();
  });

  const post = (user: keyof typeof secrets, content: string, more: { stream?: boolean; signal?: AbortSignal } = {}) =>
    fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secrets[user]}` },
      body: JSON.stringify({
        model: 'one/large',
        max_tokens: 100,
        temperature: 0,
        stream: more.stream ?? false,
        messages: [{ role: 'user', content }],
      }),
      ...(more.signal && { signal: more.signal }),
    });
  const sumOf = async (user: string, kind: string) => {
    let sum = 0n;
    for await (const record of readSpend(state, { tenant: 'acme', fromDay: '2000-01-01' }))
      if (record.user === user && record.kind === kind) sum += record.nanoUsd;
    return Number(sum);
  };
  const heldFor = async (user: string) =>
    Number((await state.command('HGET', `refrain:budget:{acme}:user:${user}`, 'held')) ?? 0);

  it('holds under a hundred requests of one user at once; who is refused hears 429 and no time to wait', async () => {
    mesh.one.otherwise({ text: 'An answer.', usage, chunks: 4, paceMs: 20 });
    const questions = Array.from({ length: 100 }, (_, i) => `What is the number ${i} good for?`);
    const replies = await Promise.all(questions.map((question) => post('ann', question)));
    const bodies = await Promise.all(replies.map((reply) => reply.json()));
    const taken = replies.filter(({ status }) => status === 200).length;
    const refused = replies.findIndex(({ status }) => status === 429);
    assert.ok(taken > 0 && refused >= 0 && replies.every(({ status }) => status === 200 || status === 429), `${taken}`);
    assert.equal(replies[refused]?.headers.get('retry-after'), null);
    const { error } = bodies[refused] as { error: { code: string; type: string } };
    assert.deepEqual([error.code, error.type], ['budget_exhausted', 'insufficient_quota']);
    await eventually(async () => (await sumOf('ann', 'spent')) === taken * paid && (await heldFor('ann')) === 0, {
      what: 'every answer on the account',
    });
    assert.ok(taken * paid <= budget, `${taken} answers`);
    assert.equal(mesh.one.calls.length, taken, 'nobody was asked who is not paid');

    // The rest of it goes.
    let last = 200;
    for (let i = 0; last === 200; i += 1) last = (await post('ann', `What is the letter ${i} good for?`)).status;
    assert.equal(last, 429);
    const answered = questions[replies.findIndex(({ status }) => status === 200)] ?? '';
    const hit = (await (await post('ann', answered)).json()) as { refrain: { source: string; saved_nano_usd: number } };
    assert.deepEqual([hit.refrain.source, hit.refrain.saved_nano_usd], ['exact', paid]);
    await eventually(async () => (await sumOf('ann', 'cache')) === paid, { what: 'what the hit saved' });
  });

  it('has told operators once that the budget came near its end, and once that it was spent', async () => {
    const keptAlerts = async () => {
      const kept: string[] = [];
      for await (const { data, header } of bus.replay(alertsStream, { sinceMs: 0 })) {
        const { kind, text } = decodeEvent(AlertEventSchema, data, header('content-type'));
        if (kind === 'budget') kept.push(text.replace(/ in \S+ \(UTC\): \d+ % are spent\.$/, ''));
      }
      return kept.sort();
    };
    const user = 'The day budget of the user acme/ann';
    const expected = [`${user} covers no more requests`, `${user} is spent by more than 80 %`];
    // What was refused for the sake of what others held is no news; once all is settled, the next refusal is.
    const isTold = async () => {
      assert.equal((await post('ann', 'Is there really nothing left for me?')).status, 429);
      return (await keptAlerts()).length >= expected.length;
    };
    await eventually(isTold, { what: 'the alerts' });
    for (let i = 0; i < 3; i += 1) await isTold();
    assert.deepEqual(await keptAlerts(), expected);
  });

  it('refuses by gRPC with a quota failure and no time to wait', async () => {
    const chat = chatOf('And by gRPC?', { model: 'one/large' });
    const request = toBinary(CompleteRequestSchema, create(CompleteRequestSchema, { chat }));
    const call = await callRaw(mesh.router.ready.grpc ?? '', `${RouterService.typeName}/Complete`, request, {
      'x-api-key': secrets.ann,
    });
    assert.deepEqual([call.status, call.reason, call.quotas, call.retryAfterMs], [8, 'BUDGET_EXHAUSTED', 1, undefined]);
  });

  it('books an answer whose caller left, as its worker says, and holds nothing for it any more', async () => {
    mesh.one.otherwise({ text: 'One word after the other, for a long time.', usage: 'none', chunks: 40, paceMs: 20 });
    const leaving = new AbortController();
    const reply = await post('bob', 'Will you stay to the end?', { stream: true, signal: leaving.signal });
    const reader = reply.body?.getReader();
    await reader?.read();
    assert.ok((await heldFor('bob')) > 0);
    leaving.abort();
    await reader?.closed.catch(() => undefined);
    await eventually(async () => (await sumOf('bob', 'spent')) > 0, { what: 'the cost of what was said' });
    const [record] = (await usageRecords(bus)).filter(({ user }) => user === 'bob');
    assert.ok(record?.usage?.estimated && record.outcome === 'canceled');
    const cost = costNanoUsd(record.usage, { input: 1_000_000_000, output: 2_000_000_000 });
    assert.deepEqual([await sumOf('bob', 'spent'), await heldFor('bob')], [Number(cost), 0]);
  });

  it('raises an alarm for a model without a price', async () => {
    const alerts: { kind: string; provider: string }[] = [];
    const listening = bus.subscribe(eventSubject(meshTenant, 'alert'), {}, ({ data }) => {
      alerts.push(fromJsonString(AlertEventSchema, Buffer.from(data).toString()));
    });
    await mesh.start('provider', { ABSENT_API_KEY: 'sk-absent-dddddddd' });
    const ask = () =>
      fetch(`${mesh.http}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secrets.cyd}` },
        body: JSON.stringify({ model: 'absent/large', messages: [{ role: 'user', content: 'Who pays for this?' }] }),
      });
    await eventually(
      async () => {
        await ask();
        return alerts.some(({ kind, provider }) => kind === 'price' && provider === 'absent');
      },
      { what: 'the alarm' },
    );
    await listening.drain();
  });
});
