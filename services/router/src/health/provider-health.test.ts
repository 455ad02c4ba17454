import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { manualClock } from '@refrain/testkit';
import { newHealth } from '../../test/health.ts';
import { settingsOf } from '../../test/question.ts';
import type { Ending, HealthLimits, Permit, ProviderHealth } from './provider-health.ts';

const { breaker, retries, throttle } = settingsOf().mesh.limits;
const limits: HealthLimits = { breaker, retries, throttle };
/** So that throttling alone is seen. */
const unbroken: HealthLimits = { ...limits, breaker: { ...breaker, failures: 1_000_000 } };

async function attempt(health: ProviderHealth, ending: Ending, by = unbroken, model = 'large'): Promise<string> {
  const permit: Permit | RefrainError = await health.admit('one', model, by);
  if (permit instanceof RefrainError) return permit.reason;
  permit.end(ending);
  return 'asked';
}

test('a model that failed five times in a row is left alone; it says exactly how long; another model of the provider is asked', async () => {
  const clock = manualClock();
  const { health, lines } = newHealth({ clock });
  for (let i = 0; i < 5; i += 1) assert.equal(await attempt(health, 'failed', limits), 'asked');
  clock.advance(20_000);
  const refused = await health.admit('one', 'large', limits);
  assert.ok(refused instanceof RefrainError);
  assert.deepEqual([refused.code, refused.reason, refused.retryAfterMs], ['unavailable', 'BREAKER_OPEN', 40_000]);
  assert.equal(await attempt(health, 'answered', limits, 'small'), 'asked');
  assert.deepEqual(lines, ['breakerOpened one large', 'spared one breaker']);
  clock.advance(40_000);
  assert.equal(await attempt(health, 'answered', limits), 'asked');
  assert.equal(await attempt(health, 'answered', limits), 'asked');
});

test('a probe that says nothing either way lets the next one try', async () => {
  const clock = manualClock();
  const { health } = newHealth({ clock });
  for (let i = 0; i < 5; i += 1) await attempt(health, 'failed', limits);
  clock.advance(60_000);
  assert.equal(await attempt(health, 'unsaid', limits), 'asked');
  assert.equal(await attempt(health, 'answered', limits), 'asked');
});

test('a provider that answers less than half is asked about twice as often as it answers, one that answers more is left in peace', async () => {
  const asked = async (answersEvery: number) => {
    let seed = 1;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const { health } = newHealth({ clock: manualClock(), random });
    let count = 0;
    let answers = 0;
    for (let i = 0; i < 2000; i += 1) {
      const ending = count % answersEvery === 0 ? 'answered' : 'failed';
      if ((await attempt(health, ending)) !== 'asked') continue;
      count += 1;
      if (ending === 'answered') answers += 1;
    }
    return { count, answers };
  };
  assert.equal((await asked(2)).count, 2000);
  // Each answer allows two requests, of which one in ten is answered: it dies away.
  assert.ok((await asked(10)).count < 400);
  assert.ok((await asked(1)).answers === 2000);
});

test('throttling forgets after two minutes, and says nothing of a few requests', async () => {
  const clock = manualClock();
  const { health } = newHealth({ clock, random: () => 0 });
  for (let i = 0; i < 20; i += 1) assert.equal(await attempt(health, 'failed'), 'asked');
  assert.equal(await attempt(health, 'failed'), 'THROTTLED');
  clock.advance(130_000);
  assert.equal(await attempt(health, 'failed'), 'asked');
});

test("what is no fault of the provider's does not throttle it", async () => {
  const { health } = newHealth({ clock: manualClock(), random: () => 0 });
  for (let i = 0; i < 100; i += 1) assert.equal(await attempt(health, 'unsaid'), 'asked');
});

test('retries are at most a tenth of the requests of the last ten seconds, and ten where there are few', () => {
  const clock = manualClock();
  const { health, lines } = newHealth({ clock });
  const granted = () => Array.from({ length: 1000 }, () => health.mayRetry('one', limits)).filter(Boolean).length;
  health.began();
  assert.equal(granted(), 10);
  for (let i = 0; i < 499; i += 1) health.began();
  assert.equal(granted(), 40, 'fifty in all');
  assert.ok(lines.includes('spared one retry'));
  clock.advance(11_000);
  assert.equal(granted(), 10);
});

test('how soon a model speaks is the middle of its last calls, and old ones are forgotten', async () => {
  const clock = manualClock();
  const { health } = newHealth({ clock });
  for (const ms of [100, 900, 300]) {
    const permit = await health.admit('one', 'large', limits);
    assert.ok(!(permit instanceof RefrainError));
    clock.advance(ms);
    permit.spoke();
    permit.end('answered');
  }
  assert.equal(health.p50Ms('one', 'large'), 300);
  assert.equal(health.p50Ms('one', 'small'), undefined);
  clock.advance(300_001);
  assert.equal(health.p50Ms('one', 'large'), undefined);
});

test('a burst of a thousand that is still under way is no sign of a provider that does not answer', async () => {
  const { health } = newHealth({ clock: manualClock(), random: () => 0 });
  const permits = await Promise.all(Array.from({ length: 1000 }, () => health.admit('one', 'large', unbroken)));
  assert.ok(permits.every((permit) => !(permit instanceof RefrainError)));
});
