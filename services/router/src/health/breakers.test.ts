import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@refrain/testkit';
import { Breakers } from './breakers.ts';
import type { SharedBreakers } from './breakers-shared.ts';

const limits = { failures: 5, cooldownMs: 60_000 };
const name = 'one/large';
const away = new Error('Redis is away.');

/** Breakers of some routers over what they share, on one clock; `away` takes what they share from them. */
function routers(count: number) {
  const clock = manualClock();
  const due = new Map<string, number>();
  const failures = new Map<string, number[]>();
  const link = { isAway: false, claims: 0 };
  const faults: unknown[] = [];
  const call = async <T>(result: () => T): Promise<T> => {
    if (link.isAway) throw away;
    return result();
  };
  const shared: SharedBreakers = {
    open: (each, forMs) => call(() => void due.set(each, clock.now() + forMs)),
    close: (each) => call(() => void due.delete(each)),
    failed: (each, sinceMs) =>
      call(() => {
        const still = (failures.get(each) ?? []).filter((atMs) => atMs > clock.now() - sinceMs);
        failures.set(each, [...still, clock.now()]);
        return still.length + 1;
      }),
    claim: (each, forMs) =>
      call(() => {
        link.claims += 1;
        const leftMs = (due.get(each) ?? 0) - clock.now();
        if (leftMs > 0) return leftMs;
        due.set(each, clock.now() + forMs);
        return 0;
      }),
    read: () => call(() => new Map([...due].map(([each, at]) => [each, at - clock.now()]))),
  };
  const make = () => new Breakers({ shared, clock, onFault: (error) => faults.push(error) });
  return { clock, link, faults, all: Array.from({ length: count }, make) };
}
const one = () => {
  const { all, ...rest } = routers(1);
  return { ...rest, breakers: all[0] as Breakers };
};
const fail = async (breakers: Breakers, times = 1, isProbe = false) => {
  let opened = false;
  for (let i = 0; i < times; i += 1) opened = await breakers.failed(name, isProbe, limits);
  return opened;
};

test('five failures in a row open it for its time, a success between them does not count against it', async () => {
  const { breakers, clock, link } = one();
  assert.equal(await fail(breakers, 4), false);
  breakers.succeeded(name, false);
  assert.equal(await fail(breakers, 4), false);
  assert.equal(breakers.admit(name), 'closed');
  assert.equal(await fail(breakers), true);
  assert.deepEqual(breakers.admit(name), { openMs: 60_000 });
  clock.advance(59_999);
  assert.deepEqual([breakers.admit(name), breakers.openMs(name)], [{ openMs: 1 }, 1]);
  assert.equal(link.claims, 0, 'nobody asks Redis while it is open');
});

test('when its time is over one request tries it, and no other until that is known', async () => {
  const { breakers, clock } = one();
  await fail(breakers, 5);
  clock.advance(60_000);
  const admitted = await Promise.all([breakers.admit(name), breakers.admit(name), breakers.admit(name)]);
  assert.deepEqual(
    admitted.map((each) => (typeof each === 'string' ? each : 'open')),
    ['probe', 'open', 'open'],
  );
  breakers.succeeded(name, true);
  assert.equal(breakers.admit(name), 'closed');
});

test('a probe that fails opens it for its whole time again; one that finds nothing out lets the next try', async () => {
  const { breakers, clock } = one();
  await fail(breakers, 5);
  clock.advance(60_000);
  assert.equal(await breakers.admit(name), 'probe');
  await fail(breakers, 1, true);
  assert.deepEqual(breakers.admit(name), { openMs: 60_000 });
  clock.advance(60_000);
  assert.equal(await breakers.admit(name), 'probe');
  breakers.released(name);
  assert.equal(await breakers.admit(name), 'probe');
});

test('requests that began before it opened neither lengthen its time nor close it', async () => {
  const { breakers, clock } = one();
  await fail(breakers, 5);
  clock.advance(1000);
  assert.equal(await fail(breakers, 3), false);
  breakers.succeeded(name, false);
  assert.deepEqual(breakers.admit(name), { openMs: 59_000 });
});

test('what one router finds out all know: that it is open, who tries, and that it is well', async () => {
  const { all, clock } = routers(2);
  const [first, second] = all as [Breakers, Breakers];
  await fail(first, 5);
  await second.refresh();
  assert.deepEqual(second.admit(name), { openMs: 60_000 });
  clock.advance(60_000);
  const admitted = await Promise.all([first.admit(name), second.admit(name)]);
  assert.deepEqual(
    admitted.map((each) => (typeof each === 'string' ? each : 'open')),
    ['probe', 'open'],
  );
  first.succeeded(name, true);
  await second.refresh();
  assert.deepEqual([first.admit(name), second.admit(name)], ['closed', 'closed']);
});

test('failures are counted over all routers: five in a row, whoever saw them', async () => {
  const { all } = routers(3);
  const [first, second, third] = all as [Breakers, Breakers, Breakers];
  for (const each of [first, second, third, first]) assert.equal(await fail(each), false);
  assert.equal(await fail(second), true);
  assert.deepEqual(second.admit(name), { openMs: 60_000 });
  assert.equal(await fail(third), false, 'it hears that it is open');
  assert.deepEqual(third.admit(name), { openMs: 60_000 });
});

test('a success on one router is known with its next failure: what failed before it counts no more', async () => {
  const { all, clock } = routers(2);
  const [first, second] = all as [Breakers, Breakers];
  await fail(first, 3);
  clock.advance(10);
  second.succeeded(name, false);
  clock.advance(10);
  assert.equal(await fail(second, 2), false);
  assert.equal(await fail(first), false, 'the third since');
  assert.equal(await fail(second, 1), false);
  assert.equal(await fail(second, 1), true);
});

test('failures that are further apart than a breaker stays open are not in a row with those of other routers', async () => {
  const { all, clock } = routers(5);
  for (const each of all) {
    assert.equal(await fail(each), false);
    clock.advance(limits.cooldownMs / 4 + 1);
  }
});

test('without Redis each router decides for itself, and says that it had to', async () => {
  const { breakers, clock, faults, link } = one();
  link.isAway = true;
  await fail(breakers, 5);
  await breakers.refresh();
  assert.deepEqual(breakers.admit(name), { openMs: 60_000 });
  clock.advance(60_000);
  assert.equal(await breakers.admit(name), 'probe');
  breakers.succeeded(name, true);
  assert.equal(breakers.admit(name), 'closed');
  await Promise.resolve();
  assert.ok(faults.length >= 3 && faults.every((fault) => fault === away));
});

test('a breaker that Redis never heard of is not closed by reading Redis', async () => {
  const { breakers, link } = one();
  link.isAway = true;
  await fail(breakers, 5);
  await Promise.resolve();
  link.isAway = false;
  await breakers.refresh();
  assert.deepEqual(breakers.admit(name), { openMs: 60_000 });
});
