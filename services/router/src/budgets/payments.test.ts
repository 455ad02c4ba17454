import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { newHealth } from '../../test/health.ts';
import { type QuestionInit, questionOf, settingsOf } from '../../test/question.ts';
import {
  accepted,
  answering,
  delta,
  failed,
  final,
  noResponders,
  type ScriptedBus,
  scriptedBus,
  used,
} from '../../test/scripted-bus.ts';
import { dispatch } from '../steps/dispatch.ts';
import { route } from '../steps/route.ts';
import type { HoldRequest, Settlement } from './budgets.ts';

/** Dispatches a question to its end, or to its first piece; what was held and settled on the way, in order. */
async function ledgerOf(
  bus: ScriptedBus,
  init: QuestionInit & { refuse?: (request: HoldRequest) => boolean; leave?: boolean } = {},
) {
  const held: HoldRequest[] = [];
  const settled: Settlement[] = [];
  const unpriced: string[] = [];
  const budgets = {
    hold: (request: HoldRequest) => {
      held.push(request);
      const no = new RefrainError('budget', 'Not enough.', { reason: 'BUDGET_EXHAUSTED' });
      return init.refuse?.(request) ? Promise.reject(no) : undefined;
    },
    settle: (settlement: Settlement) => void settled.push(settlement),
  };
  const payments = { budgets, onUnpriced: (provider: string) => unpriced.push(provider) };
  const question = questionOf('What is a monad?', init);
  let error: RefrainError | undefined;
  try {
    const signal = new AbortController().signal;
    const parts = { bus, health: newHealth().health, payments };
    for await (const event of dispatch(route(question), question, signal, parts))
      if (init.leave && event.kind === 'delta') break;
  } catch (thrown) {
    error = thrown as RefrainError;
  }
  return { held, settled, unpriced, error };
}
const booked = (settled: readonly Settlement[]) =>
  settled.map(({ provider, nanoUsd, savedNanoUsd }) => [provider, nanoUsd, savedNanoUsd ?? 0n]);

test('an attempt is held for before it begins, for more than it costs, and settled under the same id', async () => {
  const bus = scriptedBus([accepted(), delta('A monoid.'), final(10, 5)]);
  const { held, settled } = await ledgerOf(bus);
  assert.deepEqual(booked(settled), [['one', 20_000n, 0n]]);
  assert.equal(held.length, 1);
  assert.equal(held[0]?.attemptId, bus.asked[0]?.work.attemptId);
  assert.equal(settled[0]?.attemptId, held[0]?.attemptId);
  assert.ok((held[0]?.nanoUsd ?? 0n) >= 1000n * 2000n, 'a thousand tokens may come');
});

test('each attempt is held for and settled; what the dearer model would have cost is saved', async () => {
  const { held, settled } = await ledgerOf(
    scriptedBus([accepted('k1'), used(10, 3), failed('overloaded', 'UPSTREAM_OVERLOADED')], answering('Hi.')),
  );
  assert.deepEqual(
    held.map(({ nanoUsd }) => nanoUsd > 0n),
    [true, true],
  );
  const [first, second] = booked(settled);
  assert.deepEqual(first, ['one', 16_000n, 0n]);
  assert.equal(second?.[0], 'two');
  assert.equal(second?.[2], 9n * ((second?.[1] as bigint) ?? 0n), 'a tenth of the price');
});

test('what no worker took, or failed without having cost anything, is given back', async () => {
  const refused = [accepted('k1'), failed('upstream_denied', 'KEY_REJECTED')];
  const { settled } = await ledgerOf(scriptedBus([noResponders()], refused));
  assert.deepEqual(booked(settled), [
    ['one', 0n, 0n],
    ['two', 0n, 0n],
  ]);
});

test('where a worker fell silent or the caller left, the hold stays until the worker’s record comes', async () => {
  const silent = new RefrainError('unavailable', 'Silent.', { reason: 'WORKER_SILENT' });
  const gone = await ledgerOf(scriptedBus([accepted(), silent], [accepted(), silent], answering('Hi.')));
  assert.ok(gone.settled.length === 1 && gone.held.length >= 2);
  const left = await ledgerOf(scriptedBus([accepted(), delta('A'), delta('B'), final(10, 5)]), { leave: true });
  assert.deepEqual([left.held.length, left.settled.length], [1, 0]);
});

test('a budget that does not cover the dear model lets the cheaper one answer; nobody is asked who is not paid', async () => {
  const bus = scriptedBus(answering('Hi.'));
  const { error, settled } = await ledgerOf(bus, { refuse: ({ nanoUsd }) => nanoUsd > 1_000_000n });
  assert.equal(error, undefined);
  assert.deepEqual([bus.asked.length, settled[0]?.provider], [1, 'two']);
});

test('a user without budget is answered by a local model, which costs nothing; a model that was named is refused', async () => {
  const refuse = () => true;
  const bus = scriptedBus(answering('Hi.'));
  const free = await ledgerOf(bus, { refuse, chat: { model: 'auto' } });
  assert.deepEqual([free.error, bus.asked[0]?.work.provider, free.settled], [undefined, 'local', []]);
  const named = await ledgerOf(scriptedBus(answering('Hi.')), { refuse, chat: { model: 'one/large' } });
  assert.deepEqual([named.error?.code, named.error?.retryAfterMs], ['budget', undefined]);
});

test('what an upstream said outweighs the budget, workers that are not there do not', async () => {
  const dear = ({ nanoUsd }: HoldRequest) => nanoUsd > 1_000_000n;
  const named = { chat: { model: 'best' }, refuse: dear };
  assert.equal((await ledgerOf(scriptedBus([noResponders()]), named)).error?.code, 'budget');
  const failing = [accepted('k1'), failed('upstream_denied', 'KEY_REJECTED')];
  assert.equal((await ledgerOf(scriptedBus(failing), named)).error?.code, 'upstream_denied');
});

test('a model without a price is an alarm, and costs the fallback price', async () => {
  const settings = settingsOf('money: { fallbackPrice: { input: 7000000, output: 9000000 } }\n');
  const bus = scriptedBus([accepted(), delta('A monoid.'), final(10, 5)]);
  const { settled, unpriced } = await ledgerOf(bus, { settings, chat: { model: 'unpriced/m' } });
  assert.deepEqual(unpriced, ['unpriced']);
  assert.deepEqual(
    settled.map(({ nanoUsd, unpriced: isUnpriced }) => [nanoUsd, isUnpriced]),
    [[10n * 7n + 5n * 9n, true]],
  );
  assert.deepEqual((await ledgerOf(scriptedBus([noResponders()]), { chat: { model: 'unpriced/m' } })).unpriced, []);
});
