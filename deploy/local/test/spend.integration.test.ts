/** `npm run -s refrain -- spend` on a Redis in which routers have left what was spent and saved. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { openState, type SpendKind, type State, spendField, spendKey, utcDay } from '@refrain/state';
import { eventually, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { root } from '../src/check/step.ts';

describe('spend', () => {
  let redis: TestServer;
  let state: State;
  before(async () => {
    redis = await startRedis();
    state = openState({ url: redis.url, name: 'test', log: silentLog, timeoutMs: 2000 });
    await eventually(() => state.ready);
    const put = (tenant: string, day: string, [user, kind]: [string, SpendKind], nanoUsd: number) =>
      state.command('HSET', spendKey(tenant, day), spendField({ user, provider: 'one', model: 'm', kind }), nanoUsd);
    const today = utcDay(Date.now());
    await put('acme', today, ['ann', 'spent'], 1_500_000);
    await put('acme', today, ['ann', 'cache'], 4_000_000);
    await put('acme', utcDay(Date.now() - 86_400_000), ['ann', 'spent'], 2_000_000);
    await put('acme', today, ['a "quoted" name', 'unpriced'], 3_000_000);
    await put('globex', today, ['bob', 'routing'], 7_000_000);
  });
  after(async () => {
    state.close();
    await redis.stop();
  });

  const spend = (...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const program = ['deploy/local/src/refrain.ts', 'spend', '--redis', redis.url, ...args];
      const env = { PATH: process.env.PATH, REFRAIN_HOME: '/nowhere' };
      execFile(process.execPath, program, { cwd: root, env }, (error, stdout, stderr) =>
        resolve({ status: error ? error.code : 0, stdout, stderr }),
      );
    });
  const sumsOf = async (...args: string[]) => {
    const { sums } = JSON.parse((await spend('--json', ...args)).stdout) as {
      sums: { tenant: string; user: string; [amount: string]: unknown }[];
    };
    return sums.map(({ tenant, user, spentNanoUsd, unpricedNanoUsd, savedByCacheNanoUsd, savedByRoutingNanoUsd }) => [
      ...[tenant, user],
      ...[spentNanoUsd, unpricedNanoUsd, savedByCacheNanoUsd, savedByRoutingNanoUsd],
    ]);
  };

  it('sums by tenant, user and model, of today or of more days, the dearest first', async () => {
    assert.deepEqual(await sumsOf('--tenant', 'acme'), [
      ['acme', 'a "quoted" name', 0, 3_000_000, 0, 0],
      ['acme', 'ann', 1_500_000, 0, 4_000_000, 0],
    ]);
    assert.deepEqual((await sumsOf('--days', '2'))[0], ['acme', 'ann', 3_500_000, 0, 4_000_000, 0]);
    assert.equal((await sumsOf()).length, 3);
    const { stdout } = await spend('--tenant', 'globex');
    assert.match(stdout, /globex +bob +one\/m +0\.000000 +0\.000000 +0\.000000 +0\.007000/);
  });

  it('says when there is nothing, and what it does not understand', async () => {
    assert.match((await spend('--tenant', 'nobody')).stdout, /Nothing was spent/);
    assert.equal((await spend('--days', '0')).status, 2);
    assert.equal((await spend('--tenant', '*')).status, 2);
  });
});
