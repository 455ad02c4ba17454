/** `npm run -s refrain -- keys` on a Redis in which workers have left what they know of their keys. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { formatKeyRecord, type KeyRecord, keyPoolNames, openState, parseKeyRecord, type State } from '@refrain/state';
import { eventually, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { root } from '../src/check/step.ts';

const none = {
  ...{ disabledAt: 0, probeAt: 0, probeEveryMs: 0, trial: 0, requests: 7, running: 1, lately: 0, latelyAt: 0 },
  ...{ lastUsedAt: 0, day: 0, dayRequests: 5, dayTokens: 900, slot: 0, slotRequests: [0], slotTokens: [0] },
  ...{ errors: 2, lastError: 'RATE_LIMITED', lastErrorAt: 0, windowAt: 0, windowCalls: 0, windowErrors: 0, addedAt: 0 },
};

describe('keys', () => {
  let redis: TestServer;
  let state: State;
  before(async () => {
    redis = await startRedis();
    state = openState({ url: redis.url, name: 'test', log: silentLog, timeoutMs: 2000 });
    await eventually(() => state.ready);
    const { records, modelOf } = keyPoolNames('openai');
    const now = Date.now();
    const put = (id: string, more: Partial<KeyRecord>) =>
      state.command(
        'HSET',
        records,
        id,
        formatKeyRecord({ ...none, disabled: '', pool: 'default', seenAt: now, ...more }),
      );
    await put('aaaaaaaaaaaa', {});
    await put('bbbbbbbbbbbb', { disabled: 'KEY_REJECTED', probeAt: now + 60_000 });
    await put('cccccccccccc', { pool: 'europe' });
    await put('dddddddddddd', { seenAt: now - 120_000 });
    await state.command('HSET', records, '@cursor', 3);
    await state.command('HSET', modelOf('gpt'), 'cccccccccccc', JSON.stringify([now + 30_000, 1]));
    await state.command('HSET', modelOf('gpt'), 'aaaaaaaaaaaa', JSON.stringify([now - 1, 0]));
  });
  after(async () => {
    state.close();
    await redis.stop();
  });

  const keys = (...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const program = ['deploy/local/src/refrain.ts', 'keys', ...args];
      const env = { PATH: process.env.PATH, REFRAIN_HOME: '/nowhere' };
      execFile(process.execPath, program, { cwd: root, env }, (error, stdout, stderr) =>
        resolve({ status: error ? error.code : 0, stdout, stderr }),
      );
    });

  it('tell what becomes of each, by its hash', async () => {
    const { stdout } = await keys('--json', '--redis', redis.url);
    const told = JSON.parse(stdout).keys as { key: string; state: string; pool: string; requestsToday: number }[];
    const states = told.map(({ key, state: is, pool }) => [key.slice(0, 1), is, pool]).sort();
    assert.deepEqual(states, [
      ['a', 'active', 'default'],
      ['b', 'out', 'default'],
      ['c', 'resting', 'europe'],
      ['d', 'retired', 'default'],
    ]);
    assert.ok(told.every(({ requestsToday }) => requestsToday === 5));
    const table = (await keys('--redis', redis.url)).stdout;
    assert.match(table, /openai +bbbbbbbbbbbb +default +out .*KEY_REJECTED, next probe 20/);
    assert.match(table, /cccccccccccc .*gpt until 20/);
  });

  it('are taken out of use and back by an operator', async () => {
    const stored = async () =>
      parseKeyRecord(String(await state.command('HGET', keyPoolNames('openai').records, 'bbbbbbbbbbbb')));
    assert.equal((await keys('revive', 'bbbbbbbbbbbb', '--redis', redis.url)).status, 0);
    assert.deepEqual([(await stored()).disabled, (await stored()).trial], ['', 1]);
    assert.equal((await keys('disable', 'bbbbbbbbbbbb', '--redis', redis.url)).status, 0);
    assert.deepEqual([(await stored()).disabled, (await stored()).probeAt], ['OPERATOR', 0]);
    const unknown = await keys('disable', 'eeeeeeeeeeee', '--redis', redis.url);
    assert.deepEqual([unknown.status, unknown.stdout], [1, 'no provider has a key eeeeeeeeeeee\n']);
  });

  it('say what is wrong with the command, or that no mesh runs', async () => {
    assert.equal((await keys('revive', '--redis', redis.url)).status, 2);
    assert.equal((await keys('burn', 'aaaaaaaaaaaa', '--redis', redis.url)).status, 2);
    const { status, stderr } = await keys();
    assert.deepEqual([status, /no mesh runs/.test(stderr)], [1, true]);
  });
});
