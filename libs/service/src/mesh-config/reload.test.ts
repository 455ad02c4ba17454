import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../config-error.ts';
import { Metrics } from '../metrics.ts';
import { createReload } from './reload.ts';

function setUp() {
  const metrics = new Metrics('test');
  const logged: string[] = [];
  const log = { error: (fields: object, message: string) => void logged.push(`${message}: ${Object.keys(fields)}`) };
  const errors = async () => /^refrain_config_errors_total(?:\{.*\})? (\d+)$/m.exec(await metrics.text())?.[1];
  return { reload: createReload({ log, metrics }), logged, errors };
}

test('a configuration that is refused is logged and counted; one that is taken is not', async () => {
  const { errors, logged, reload } = setUp();
  let inForce = 'old';
  reload(() => {
    inForce = 'new';
  });
  assert.deepEqual([inForce, await errors(), logged], ['new', '0', []]);
  for (const count of ['1', '2']) {
    reload(() => {
      throw new ConfigError('refrain.yaml', [{ path: 'routes', message: 'is nonsense' }]);
    });
    assert.equal(await errors(), count);
  }
  assert.equal(logged[0], 'the new configuration cannot be used; the old one stays in force: err');
});

test('a bug is no bad configuration', async () => {
  const { errors, logged, reload } = setUp();
  const bug = new TypeError('a bug');
  assert.throws(() => {
    reload(() => {
      throw bug;
    });
  }, bug);
  assert.deepEqual([await errors(), logged], ['0', []]);
});
