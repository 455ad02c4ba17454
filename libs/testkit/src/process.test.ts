import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startProcess } from './process.ts';

const root = join(import.meta.dirname, '../../..');

function program(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-process-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'main.mjs'), text);
  return relative(root, join(folder, 'main.mjs'));
}

const up = "process.send({ type: 'ready', grpc: '127.0.0.1:1' });";

test('a process is given back when it says that it is ready, with what it said and printed', async (t) => {
  const entry = program(t, `console.log(Object.keys(process.env).includes('SECRET'), process.env.GIVEN); ${up}`);
  process.env.SECRET = 'of the test';
  const service = await startProcess({ entry, env: { GIVEN: 'given' } });
  delete process.env.SECRET;
  assert.equal(service.ready.grpc, '127.0.0.1:1');
  await service.kill();
  assert.match(service.output(), /^false given$/m);
});

test('stop gives the exit code, of a frozen process too', async (t) => {
  const service = await startProcess({
    entry: program(t, `process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); ${up}`),
    env: {},
  });
  service.freeze();
  assert.equal(await service.stop(), 7);
});

test('a process that ends first, or says nothing in time, is an error with its output', async (t) => {
  const dying = program(t, "console.error('no room'); process.exit(5);");
  await assert.rejects(startProcess({ entry: dying, env: {} }), /did not start \(exit code 5\):\nno room/);
  const silent = program(t, 'setInterval(() => {}, 1000);');
  await assert.rejects(startProcess({ entry: silent, env: {}, timeoutMs: 200 }), /did not start \(late\)/);
});
