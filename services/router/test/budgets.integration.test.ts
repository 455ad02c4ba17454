/** Contract: a budget holds, over all routers, whatever asks at once; each attempt is booked once; nothing waits for ever. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createAlerts } from '@refrain/bus';
import { Source } from '@refrain/contracts';
import { Metrics } from '@refrain/service';
import { openState, readSpend, type SpendRecord, type State, sayOnce, utcDay } from '@refrain/state';
import { eventually, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { createBudgetAlarm } from '../src/budgets/budget-alarm.ts';
import { Budgets, type HoldRequest, type Settlement } from '../src/budgets/budgets.ts';
import { limitsOf } from '../src/budgets/limits.ts';
import { createBudgetMetrics } from '../src/budgets/metrics.ts';
import { Savings } from '../src/budgets/savings.ts';
import type { Caller } from '../src/caller.ts';
import { answerOf, questionOf, settingsOf } from './question.ts';

let redis: TestServer;
let state: State;
before(async () => {
  redis = await startRedis();
  state = openState({ url: redis.url, name: 'test', log: silentLog });
  await eventually(() => state.ready);
});
after(async () => {
  state.close();
  await redis.stop();
});

/** A thousand nano-dollars a day for each user, two thousand a month; all of `shop` together have fifteen hundred a day. */
const { mesh } = settingsOf(`money:
  perUsd: 1
  budgets:
    users: {}
    tenants:
      acme: { user: { day: 0.000001, month: 0.000002 } }
      shop: { day: 0.0000015, user: { day: 0.000001, month: unlimited } }
`);
let users = 0;
const newUser = (tenant = 'acme'): Caller => {
  users += 1;
  return { tenant, user: `user-${users}`, tier: 'pro' };
};
let clock = Date.UTC(2026, 10, 25, 12);
const now = () => clock;
const metrics = createBudgetMetrics(new Metrics('test'));
const router = () => new Budgets({ state, metrics, now });
let attempts = 0;
const request = (caller: Caller, nanoUsd: number, more: Partial<HoldRequest> = {}): HoldRequest => {
  attempts += 1;
  return { attemptId: `attempt-${attempts}`, caller, nanoUsd: BigInt(nanoUsd), remainingMs: 60_000, mesh, ...more };
};
const settlement = ({ attemptId, caller }: HoldRequest, nanoUsd: number): Settlement => ({
  attemptId,
  tenant: caller.tenant,
  user: caller.user,
  provider: 'one',
  model: 'large',
  nanoUsd: BigInt(nanoUsd),
  unpriced: false,
  atMs: clock,
  rememberMs: 60_000,
});
const budgetGone = { code: 'budget', reason: 'BUDGET_EXHAUSTED', retryAfterMs: undefined };
async function sumsOf(caller: Caller): Promise<SpendRecord[]> {
  const records = await Array.fromAsync(readSpend(state, { tenant: caller.tenant, fromDay: '2026-01-01' }));
  return records.filter(({ user }) => user === caller.user);
}

test('of a hundred requests of one user at once, on three routers, as many are let through as the budget covers', async () => {
  const caller = newUser();
  const routers = [router(), router(), router()];
  const asks = Array.from({ length: 100 }, (_, i) => {
    const ask = request(caller, 90);
    return { ask, held: routers[i % 3]?.hold(ask) };
  });
  const outcomes = await Promise.allSettled(asks.map(({ held }) => held));
  const taken = asks.filter((_, i) => outcomes[i]?.status === 'fulfilled');
  assert.equal(taken.length, 11, 'eleven times ninety are not above a thousand');
  for (const outcome of outcomes) if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'budget');
  // They cost less than was held: what is left over can be spent.
  await Promise.all(taken.map(({ ask }) => routers[0]?.settled(settlement(ask, 50))));
  await router().hold(request(caller, 1000 - 11 * 50));
  await assert.rejects(router().hold(request(caller, 1)) ?? Promise.resolve(), budgetGone);
});

test('operators hear of a budget near its end once, whichever routers see it, and again in the next period', async () => {
  const told: string[] = [];
  const alarmed = () => {
    const raise = createAlerts({
      bus: { connected: true, publish: () => undefined, ensureStream: async () => undefined },
      ...{ encoding: () => 'json' as const, log: silentLog },
      isFirst: (cause, quietMs) => sayOnce(state, cause, quietMs),
      onAlert: ({ text }) => told.push(text),
    });
    return new Budgets({ state, metrics, now, onStanding: createBudgetAlarm(raise) });
  };
  const caller = newUser();
  const [one, two] = [alarmed(), alarmed()];
  const limits = limitsOf(caller, mesh);
  const spend = async (at: Budgets, nanoUsd: number) => {
    const ask = request(caller, nanoUsd);
    await at.hold(ask);
    await at.settled({ ...settlement(ask, nanoUsd), limits });
  };
  await spend(one, 700);
  await spend(two, 150);
  await spend(one, 40);
  await eventually(() => told.length > 0, { what: 'the first word' });
  await assert.rejects(two.hold(request(caller, 200)) ?? Promise.resolve(), budgetGone);
  await assert.rejects(one.hold(request(caller, 200)) ?? Promise.resolve(), budgetGone);
  await eventually(() => told.length > 1, { what: 'the second word' });
  clock += 86_400_000;
  await spend(one, 900);
  await eventually(() => told.length > 3, { what: 'the next day’s word, and the month’s' });
  assert.deepEqual(told.map((text) => `${text.split(' ')[1]}: ${/spent by|covers no/.exec(text)?.[0]}`).sort(), [
    'day: covers no',
    'day: spent by',
    'day: spent by',
    'month: spent by',
  ]);
});

test('an attempt is booked once, whoever says so and however often', async () => {
  const caller = newUser();
  const ask = request(caller, 500);
  await router().hold(ask);
  const news = await Promise.all([1, 2, 3].map(() => router().settled(settlement(ask, 400))));
  assert.equal(news.filter((isNews) => isNews).length, 1);
  assert.deepEqual(
    (await sumsOf(caller)).map(({ day, kind, nanoUsd, provider }) => [day, kind, nanoUsd, provider]),
    [[utcDay(clock), 'spent', 400n, 'one']],
  );
  await router().hold(request(caller, 600));
});

test('of the records of a tenant those are booked that no router has settled, each once', async () => {
  const caller = newUser();
  const asks = [100, 200, 300].map((nanoUsd) => settlement(request(caller, nanoUsd), nanoUsd));
  await router().settled(asks[0] as Settlement);
  await Promise.all([router(), router()].map((each) => each.settledAll(caller.tenant, asks, 30_000)));
  assert.deepEqual(
    (await sumsOf(caller)).map(({ nanoUsd }) => nanoUsd),
    [600n],
  );
  // The mark goes on for as long as the record may come again.
  const [mark] = await Array.fromAsync(state.scan(`*settled:${asks[0]?.attemptId}`));
  const leftMs = Number(await state.command('PTTL', mark?.[0] ?? ''));
  assert.ok(leftMs > 0 && leftMs <= 30_000, `${leftMs} ms`);
});

test('what was held for an attempt that cost nothing is given back', async () => {
  const caller = newUser();
  const ask = request(caller, 1000);
  await router().hold(ask);
  await assert.rejects(router().hold(request(caller, 1)) ?? Promise.resolve(), budgetGone);
  await router().settled(settlement(ask, 0));
  await router().hold(request(caller, 1000));
  assert.deepEqual(await sumsOf(caller), []);
});

test('a hold that nobody settles ends by itself, after its deadline and a while', async () => {
  const caller = newUser();
  await router().hold(request(caller, 1000, { remainingMs: -59_900 }));
  await eventually(
    async () => (await Promise.allSettled([router().hold(request(caller, 1000))]))[0].status === 'fulfilled',
    {
      what: 'the end of the hold',
    },
  );
});

test('a new day (UTC) has its own budget, the month goes on; a record of yesterday does not burden today', async () => {
  const caller = newUser();
  const spend = async (nanoUsd: number) => {
    const ask = request(caller, nanoUsd);
    await router().hold(ask);
    await router().settled(settlement(ask, nanoUsd));
  };
  clock = Date.UTC(2026, 10, 25, 23, 59);
  await spend(1000);
  await assert.rejects(spend(1), budgetGone);
  const yesterday = settlement(request(caller, 0), 300);
  clock = Date.UTC(2026, 10, 26);
  await spend(500);
  await router().settled(yesterday);
  await spend(200);
  await assert.rejects(spend(1), budgetGone, 'the month: 1000, 500, 300 and 200');
  clock = Date.UTC(2026, 11, 1);
  await spend(1000);
  clock = Date.UTC(2026, 10, 25, 12);
});

test('a tenant’s budget binds its users together', async () => {
  const [ann, bob] = [newUser('shop'), newUser('shop')];
  await router().hold(request(ann, 1000));
  await assert.rejects(router().hold(request(bob, 600)) ?? Promise.resolve(), { ...budgetGone, message: /tenant/ });
  await router().hold(request(bob, 500));
});

test('where nothing is charged or nobody has set a limit, nothing is waited for', () => {
  assert.equal(router().hold(request(newUser(), 0)), undefined);
  assert.equal(router().hold(request(newUser('free-for-all'), 1_000_000)), undefined);
});

test('a day’s sums are kept by user, model and kind; what hits save is gathered and written together', async () => {
  const caller = newUser();
  const priced = { ...settlement(request(caller, 0), 100), savedNanoUsd: 900n };
  await router().settled(priced);
  await router().settled({ ...settlement(request(caller, 0), 70), model: 'unheard-of', unpriced: true });
  const savings = new Savings({ state, metrics, now });
  const hit = (source: Source) =>
    answerOf('Hi.', { cost: { savedNanoUsd: 20n }, provenance: { source, provider: 'one', model: 'large' } });
  const question = questionOf('Hi?', { caller });
  // Exact, by meaning, shared; what a provider says saves nothing.
  for (const source of [Source.EXACT, Source.SEMANTIC, Source.COALESCED, Source.PROVIDER])
    savings.answered(question, hit(source));
  await savings.stop();
  const sums = (await sumsOf(caller)).map(({ model, kind, nanoUsd }) => `${model} ${kind} ${nanoUsd}`);
  assert.deepEqual(sums.sort(), [
    'large cache 40',
    'large coalescing 20',
    'large routing 900',
    'large spent 100',
    'unheard-of unpriced 70',
  ]);
});

test('without Redis a router goes on by what it last knew, up to nine tenths; the records bring the rest later', async () => {
  const caller = newUser();
  const own = router();
  const first = request(caller, 500);
  await own.hold(first);
  await redis.kill();
  await eventually(() => !state.ready);
  await assert.rejects(own.settled(settlement(first, 300)), { code: 'unavailable' });
  const second = request(caller, 600);
  await own.hold(second);
  await assert.rejects(own.hold(request(caller, 1)) ?? Promise.resolve(), budgetGone);
  await redis.restart();
  await eventually(() => state.ready);
});
