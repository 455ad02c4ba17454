/** Evidence fades in Redis as new evidence comes: the budget holds where quality stays, and a change of it is noticed, for better and worse. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openState, type State } from '@refrain/state';
import { eventually, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { RedisKeys } from '../../src/entries/redis-keys.ts';
import { confidenceInForce } from '../../src/learning/confidence-in-force.ts';
import { binOf, bins, Evidence, lowerEdge } from '../../src/learning/evidence.ts';
import { halfLifeHits, halfLifeVerdicts, keptVerdicts } from '../../src/learning/fading.ts';
import { Ledger } from '../../src/learning/ledger.ts';

const partition = { tenant: 'a', key: 'f'.repeat(32) };
const [shipped, budget] = [0.5, 0.01];
let redis: TestServer;
let state: State;
let ledger: Ledger;

before(async () => {
  redis = await startRedis();
  state = openState({ url: redis.url, name: 'test', log: silentLog, timeoutMs: 2000 });
  await eventually(() => state.ready, { what: 'redis' });
});
after(async () => {
  state.close();
  await redis.stop();
});
beforeEach(async () => {
  await state.command('FLUSHALL');
  ledger = new Ledger({
    state,
    keys: new RedisKeys(),
    onFailure: (error) => {
      throw error;
    },
  });
});

const known = () => ledger.known(partition) ?? new Evidence();
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`);

test('sampled verdicts count half when so many newer ones have come, all else of hits when so many newer hits have', async () => {
  for (const field of ['lookups', 'exposed:12', 'wrong:12', 'sampled:12', 'sampledWrong:12'] as const)
    ledger.add(partition, field, 1000);
  ledger.add(partition, 'spentUs', 1000);
  await ledger.flush();
  ledger.add(partition, 'sampled:5', halfLifeVerdicts);
  await ledger.flush();
  for (const field of ['sampled:12', 'sampledWrong:12'] as const) near(known().of(field), 500);
  for (const field of ['lookups', 'exposed:12', 'wrong:12'] as const) near(known().of(field), 1000);
  ledger.add(partition, 'hits:5', halfLifeHits);
  await ledger.flush();
  for (const field of ['lookups', 'exposed:12', 'wrong:12', 'sampled:12'] as const) near(known().of(field), 500);
  near(known().of('sampled:5'), halfLifeVerdicts);
  assert.equal(known().of('spentUs'), 1000);
});

test('what is known of one confidence is not pushed out by verdicts on others', async () => {
  ledger.add(partition, 'sampled:12', 40);
  ledger.add(partition, 'sampledWrong:12', 4);
  await ledger.flush();
  for (let i = 0; i < 20; i += 1) {
    ledger.add(partition, 'sampled:5', halfLifeVerdicts);
    await ledger.flush();
  }
  near(known().of('sampled:12'), keptVerdicts);
  near(known().of('sampledWrong:12'), keptVerdicts / 10);
});

test('lookups without hits, and counts of time and money, fade nothing', async () => {
  ledger.add(partition, 'lookups', 10);
  ledger.add(partition, 'wrong:9', 3);
  await ledger.flush();
  for (let i = 0; i < 5; i += 1) {
    ledger.add(partition, 'lookups', 1000);
    ledger.add(partition, 'savedNanoUsd', 2 ** 40 + 1);
    await ledger.flush();
  }
  assert.deepEqual([known().of('lookups'), known().of('wrong:9')], [5010, 3]);
  assert.equal(known().of('savedNanoUsd'), 5 * (2 ** 40 + 1));
});

/** A stream's hits: where they are, and how the wrong ones are spread over confidence (fewer where it is surer). */
interface Traffic {
  readonly firstBin: number;
  readonly lastBin: number;
  readonly review: number;
}
const hitRate = 0.3;
/** A review or the shadow cannot compare every second answer. */
const comparable = 0.5;
const wide: Traffic = { firstBin: binOf(shipped), lastBin: bins - 1, review: 0.1 };
const narrow: Traffic = { firstBin: 9, lastBin: 11, review: 0.1 };

/** Numbers from 0 to 1, the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Lets lookups happen as the cache would count them, `wrongShare` of them wrong at the shipped confidence. Gives what was seen. */
async function live(traffic: Traffic, lookups: number, wrongShare: number, random: () => number) {
  const { firstBin, lastBin, review } = traffic;
  const shape = (bin: number) => Math.exp(-0.35 * (bin - firstBin));
  const count = lastBin - firstBin + 1;
  let mean = 0;
  for (let bin = firstBin; bin <= lastBin; bin += 1) mean += shape(bin) / count;
  const seen = { hits: 0, served: 0, wrong: 0, judged: 0 };
  let force = confidenceInForce(known(), shipped, budget);
  for (let i = 1; i <= lookups; i += 1) {
    ledger.add(partition, 'lookups');
    if (random() < hitRate) {
      const bin = firstBin + Math.floor(random() * count);
      const wrong = random() < Math.min(1, ((wrongShare / hitRate) * shape(bin)) / mean);
      const served = lowerEdge(bin) >= force;
      ledger.add(partition, `hits:${bin}`);
      ledger.add(partition, `exposed:${bin}`, served ? 1 : 0);
      seen.hits += 1;
      if (served) seen.served += 1;
      if (served && wrong) seen.wrong += 1;
      if (random() < comparable * (served ? review : 1)) {
        seen.judged += 1;
        if (!served) ledger.add(partition, `exposed:${bin}`);
        for (const name of ['judged', 'sampled', ...(wrong ? (['wrong', 'sampledWrong'] as const) : [])] as const)
          ledger.add(partition, `${name}:${bin}`);
      }
    }
    if (i % 50 === 0) {
      await ledger.flush();
      force = confidenceInForce(known(), shipped, budget);
    }
  }
  return { kept: seen.served / seen.hits, wrong: seen.wrong / lookups, judged: seen.judged };
}

/** Verdicts until `isThere` says so of the next thousand lookups; fails beyond `most`. */
async function verdictsUntil(
  isThere: (seen: { kept: number; wrong: number }) => boolean,
  { traffic, wrongShare, random, most }: { traffic: Traffic; wrongShare: number; random: () => number; most: number },
): Promise<number> {
  for (let judged = 0; judged <= most; ) {
    const seen = await live(traffic, 2000, wrongShare, random);
    if (isThere(seen)) return judged;
    judged += seen.judged;
  }
  return Number.POSITIVE_INFINITY;
}

for (const [name, traffic] of Object.entries({ wide, narrow })) {
  test(`the budget holds where quality stays as it is, whatever it is (${name})`, async () => {
    for (const [seed, wrongShare] of [0.003, 0.008, 0.02, 0.04].entries()) {
      await state.command('FLUSHALL');
      await ledger.forget(() => true);
      const random = numbers(seed + 1);
      await live(traffic, 20_000, wrongShare, random);
      const { wrong, kept } = await live(traffic, 30_000, wrongShare, random);
      assert.ok(wrong <= budget * 1.1, `${wrongShare}: ${wrong}`);
      if (wrongShare <= 0.003) assert.ok(kept > 0.97, `${kept}`);
    }
  });

  test(`a fault that comes after a long good past is noticed within 1,000 verdicts (${name})`, async () => {
    const random = numbers(11);
    await live(traffic, 60_000, 0.003, random);
    const most = 1000;
    const isThere = ({ wrong }: { wrong: number }) => wrong <= budget;
    const judged = await verdictsUntil(isThere, { traffic, wrongShare: 0.04, random, most });
    assert.ok(judged <= most, `${judged}`);
  });

  test(`what is good again after a long bad past is served again within 1,000 verdicts (${name})`, async () => {
    const random = numbers(12);
    await live(traffic, 60_000, 0.04, random);
    assert.ok(confidenceInForce(known(), shipped, budget) > shipped);
    const most = 1000;
    const isThere = ({ kept }: { kept: number }) => kept >= 0.95;
    const judged = await verdictsUntil(isThere, { traffic, wrongShare: 0.001, random, most });
    assert.ok(judged <= most, `${judged}`);
  });
}
