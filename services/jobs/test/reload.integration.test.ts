/** The jobs service as its refrain.yaml changes under it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@refrain/testkit';
import { startJobs, type TestJobs } from './start-jobs.ts';

let at: TestJobs;
before(async () => {
  at = await startJobs('limits: { requestBytes: 2048 }\n');
});
after(() => at?.stop());

test('a refrain.yaml that cannot be used leaves the old one in force, and is counted; the next good one counts', async () => {
  const submit = () => at.submit('long '.repeat(1000));
  const metrics = async () => (await fetch(at.jobs.ready.metrics ?? '')).text();
  await assert.rejects(submit(), { code: 'invalid' });
  await at.configure({ all: 'version: nonsense\n' });
  await eventually(async () => /^refrain_config_errors_total\S* 1$/m.test(await metrics()), {
    what: 'a counted fault',
  });
  assert.match(at.jobs.output(), /the new configuration cannot be used; the old one stays in force/);
  await assert.rejects(submit(), { code: 'invalid' });
  await at.configure({ extra: 'limits: { requestBytes: 65536 }\n' });
  await eventually(
    () =>
      submit().then(
        (id) => id !== '',
        () => false,
      ),
    { what: 'a longer question to be taken' },
  );
  assert.match(await metrics(), /^refrain_config_errors_total\S* 1$/m);
});
