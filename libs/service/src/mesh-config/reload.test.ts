import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../config-error.ts';
import { Metrics } from '../metrics.ts';
import { createReloading } from './reload.ts';

function setUp() {
  const metrics = new Metrics('test');
  const logged: string[] = [];
  const log = { error: (fields: object, message: string) => void logged.push(`${message}: ${Object.keys(fields)}`) };
  const read = async (name: string) =>
    new RegExp(`^refrain_${name}(?:\\{.*\\})? (\\d+)$`, 'm').exec(await metrics.text())?.[1];
  const errors = () => read('config_errors_total');
  const isLastGood = () => read('config_last_reload_successful');
  const reloading = createReloading({ log, metrics });
  return { reloading, reload: reloading.reload, logged, errors, isLastGood };
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

test('what was refused is told until that file is mended, whatever another says', async () => {
  const { isLastGood, reload, reloading } = setUp();
  assert.deepEqual([reloading.fault, await isLastGood()], ['', '1']);
  const paths = ['routes', 'tiers'];
  reload(() => {
    throw new ConfigError(
      'refrain.yaml',
      paths.map((path) => ({ path, line: 3, column: 1, message: 'is nonsense' })),
    );
  });
  reload(() => undefined, 'keys');
  assert.deepEqual([reloading.fault, await isLastGood()], ['refrain.yaml:3:1 routes: is nonsense', '0']);
  reload(() => undefined);
  assert.deepEqual([reloading.fault, await isLastGood()], ['', '1']);
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
