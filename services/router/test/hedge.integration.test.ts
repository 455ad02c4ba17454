/** Contract: where an operator wants it a second is asked beside one that is slow; both are paid, each once, and one is heard. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Bus, openBus } from '@refrain/bus';
import { costNanoUsd } from '@refrain/judgement';
import { openState, readSpend, type State } from '@refrain/state';
import { eventually, silentLog } from '@refrain/testkit';
import { usageRecords } from './faults/usage.ts';
import { exactOnly, startMesh, type TestMesh } from './start-mesh.ts';

const secret = 'key-of-ann';
const extra = `${exactOnly}limits: { hedge: { afterMs: 100 } }
money: { perUsd: 1, budgets: { users: { acme/ann: { day: 1 } } } }
keys: [{ hash: "sha256:${hash('sha256', secret, 'hex')}", tenant: acme, user: ann, tier: pro }]
`;
/** A thousand and two thousand nano-dollars a token, at both. */
const price = { input: 1_000_000_000, output: 2_000_000_000 };
const usage = { prompt: 100, completion: 10 };
const paid = 120_000;

describe('a mesh that hedges', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let state: State;
  let bus: Bus;
  before(async () => {
    mesh = await startMesh({ extra, patienceMs: 20_000 });
    state = openState({ url: mesh.redis.url, name: 'test', log: silentLog });
    bus = openBus({ url: mesh.nats.url, name: 'test', log: silentLog });
    await eventually(() => state.ready && bus.connected);
  });
  after(async () => {
    state?.close();
    await bus?.drain();
    await mesh?.stop();
  });

  const post = (content: string, stream: boolean) =>
    fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ model: 'best', max_tokens: 100, stream, messages: [{ role: 'user', content }] }),
    });
  const spentAt = async (provider: string) => {
    let sum = 0n;
    for await (const record of readSpend(state, { tenant: 'acme', fromDay: '2000-01-01' }))
      if (record.provider === provider && record.kind === 'spent') sum += record.nanoUsd;
    return Number(sum);
  };

  for (const [i, stream] of [false, true].entries()) {
    it(`answers by the second, ${stream ? 'streamed' : 'whole'}, lets go of the first, and books what both cost`, async () => {
      mesh.one.script({ hang: 'first_token' });
      mesh.two.script({ text: 'From two.', usage });
      const reply = await post(`Who is quick, number ${i}?`, stream);
      const [provider, reason] = ['provider', 'reason'].map((name) => reply.headers.get(`x-refrain-${name}`));
      assert.deepEqual([reply.status, provider, reason], [200, 'two', 'hedge:slow']);
      assert.match(await reply.text(), /two\./);
      await eventually(() => mesh.one.calls[i]?.abortedAtMs !== undefined, {
        what: 'the end of the slow call upstream',
      });
      const recordsOfOne = async () => (await usageRecords(bus)).filter((record) => record.provider === 'one');
      await eventually(async () => (await recordsOfOne()).length === i + 1, { what: 'the record of what it used' });
      let lost = 0n;
      for (const record of await recordsOfOne()) {
        assert.equal(record.outcome, 'canceled');
        if (record.usage) lost += costNanoUsd(record.usage, price);
      }
      assert.ok(lost > 0n, 'a prompt was sent, so something is owed');
      await eventually(async () => (await spentAt('one')) === Number(lost), { what: 'the cost of the slower one' });
      await eventually(async () => (await spentAt('two')) === (i + 1) * paid, { what: 'the cost of the answer' });
      const held = () => state.command('HGET', 'refrain:budget:{acme}:user:ann', 'held');
      await eventually(async () => Number((await held()) ?? 0) === 0, { what: 'nothing that is held any more' });
      assert.deepEqual([mesh.one.calls.length, mesh.two.calls.length], [i + 1, i + 1]);
    });
  }

  it('counts what it began and what was won', async () => {
    const text = await (await fetch(mesh.router.ready.metrics ?? '')).text();
    const lines = text.split('\n').filter((line) => line.startsWith('refrain_hedges_total{'));
    assert.deepEqual(
      ['started', 'won'].map((what) =>
        lines
          .find((line) => line.includes(`what="${what}"`))
          ?.split(' ')
          .at(-1),
      ),
      ['2', '2'],
    );
  });
});
