/** The small tools as a person calls them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { root } from '../src/check/step.ts';

const program = join(root, 'deploy/local/src/refrain.ts');
const shipped = readFileSync(join(root, 'refrain.yaml'), 'utf8');

interface Outcome {
  readonly status: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function refrain(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { PATH: process.env.PATH, ...env } };
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout, stderr }),
    );
  });
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'refrain-tools-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('validate says ok of the shipped file', async () => {
  const { status, stdout } = await refrain(['validate']);
  assert.equal(status, 0);
  assert.match(stdout, /^refrain\.yaml: ok \(\d+ providers/);
});

test('validate names file, line, column and field of every fault; a path counts from where the caller stands', async (t) => {
  const here = folder(t);
  const wrong = shipped.replace('attempts: 4', 'attempts: many').replace('topK: 5', 'topK: 500');
  writeFileSync(join(here, 'my.yaml'), wrong);
  const lineOf = (text: string) => wrong.slice(0, wrong.indexOf(text)).split('\n').length;
  const { status, stdout } = await refrain(['validate', 'my.yaml'], { INIT_CWD: here });
  assert.equal(status, 1);
  const [attempts, topK] = stdout.split('\n');
  assert.match(attempts ?? '', new RegExp(`^my\\.yaml:${lineOf('attempts')}:3 limits\\.attempts: `));
  assert.match(topK ?? '', new RegExp(`^my\\.yaml:${lineOf('topK')}:\\d+ cache\\.semantic\\.topK: `));
});

test('validate and key print one object for programs', async (t) => {
  const here = folder(t);
  writeFileSync(join(here, 'my.yaml'), shipped.replace('attempts: 4', 'attempts: many'));
  const wrong = await refrain(['validate', 'my.yaml', '--json'], { INIT_CWD: here });
  const { file, ok, faults } = JSON.parse(wrong.stdout) as { file: string; ok: boolean; faults: { path: string }[] };
  assert.deepEqual(
    [wrong.status, file, ok, faults.map(({ path }) => path)],
    [1, 'my.yaml', false, ['limits.attempts']],
  );
  const right = JSON.parse((await refrain(['validate', '--json'])).stdout);
  assert.deepEqual([right.ok, right.counts.keys], [true, 0]);
  const made = JSON.parse(
    (await refrain(['key', '--tenant', 'acme', '--user', 'u', '--tier', 'pro', '--json'])).stdout,
  );
  const hash = `sha256:${createHash('sha256').update(made.key).digest('hex')}`;
  assert.deepEqual(made.entry, { hash, tenant: 'acme', user: 'u', tier: 'pro' });
});

test('validate says that a file cannot be read', async (t) => {
  assert.deepEqual(await refrain(['validate', 'none.yaml'], { INIT_CWD: folder(t) }), {
    status: 1,
    stdout: 'none.yaml: cannot be read (ENOENT)\n',
    stderr: '',
  });
});

test('dial draws its curve over the prompts of a file, and says which line is none', async (t) => {
  const here = folder(t);
  writeFileSync(join(here, 'prompts.jsonl'), '{"prompt": "What is a monad?"}\nAnd why?\n');
  const drawn = await refrain(['dial', 'prompts.jsonl', '--tier', 'free'], { INIT_CWD: here });
  assert.deepEqual([drawn.status, drawn.stderr], [0, '']);
  const lines = drawn.stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^dial +rank +\$ per 1,000/);
  assert.deepEqual([lines.length, lines[1]?.slice(0, 5), lines.at(-1)?.slice(0, 5)], [10, '0.000', '1.000']);
  const json = await refrain(['dial', 'prompts.jsonl', '--json'], { INIT_CWD: here });
  const { curve, prompts } = JSON.parse(json.stdout) as { curve: { dial: number }[]; prompts: number };
  assert.deepEqual([prompts, curve.map(({ dial }) => dial).at(-1)], [2, 1]);
  writeFileSync(join(here, 'wrong.jsonl'), 'Hi.\n{"text": "Hi."}\n');
  const wrong = await refrain(['dial', 'wrong.jsonl'], { INIT_CWD: here });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /line 2 has neither prompt nor question/);
});

test('key makes a key of 256 bits and an entry that refrain.yaml takes, with the key’s hash and not the key', async (t) => {
  const here = folder(t);
  const { status, stdout } = await refrain(['key', '--tenant', 'acme', '--user', 'it\'s "us": #1', '--tier', 'pro']);
  assert.equal(status, 0);
  const [key = ''] = stdout.split('\n');
  const [, secret = ''] = /^rfr_([\w-]+)$/.exec(key) ?? [];
  assert.equal(Buffer.from(secret, 'base64url').length, 32);
  const entry = stdout.split('\n').find((line) => line.startsWith('  - {')) ?? '';
  assert.ok(!entry.includes(key));
  assert.ok(entry.includes(`sha256:${createHash('sha256').update(key).digest('hex')}`));
  writeFileSync(join(here, 'refrain.yaml'), shipped.replace('keys: []', `keys:\n${entry}`));
  assert.match((await refrain(['validate', 'refrain.yaml'], { INIT_CWD: here })).stdout, /: ok .* 1 keys/);
  const another = await refrain(['key', '--tenant', 'acme', '--user', 'u', '--tier', 'pro']);
  assert.notEqual(another.stdout.split('\n')[0], key);
});

test('cache warm takes no --ttl that would be cut to what the cache keeps, and says what bounds it', async () => {
  const { status, stderr } = await refrain(['cache', 'warm', 'answers.jsonl', '--tenant', 'acme', '--ttl', '604800']);
  assert.equal(status, 2);
  assert.match(stderr, /^refrain: --ttl must be a whole number from 1 to 86,400; .*cache\.staleSeconds/);
});

test('what is no command of ours is told with the usage, and ends with 2', async () => {
  for (const args of [
    [],
    ['foo'],
    ['toString'],
    ['validate', 'a', 'b'],
    ['key', '--tenant', 'UPPER'],
    ['status', '--xml'],
    ['cache'],
    ['cache', 'flush'],
    ['cache', 'stats', 'now'],
    ['cache', 'report'],
    ['cache', 'invalidate', '--tenant', 'acme'],
    ['cache', 'invalidate', '--tenant', 'acme', '--tag', 'faq', '--all'],
    ['cache', 'purge', '--yes'],
    ['cache', 'warm', '--tenant', 'acme'],
    ['cache', 'warm', 'answers.jsonl', '--tenant', 'acme', '--rank', '9'],
  ]) {
    const { status, stdout, stderr } = await refrain(args);
    assert.equal(status, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, /^refrain: .+\n\nusage: npm run -s refrain/);
  }
  const gold = await refrain(['key', '--tenant', 'acme', '--user', 'u', '--tier', 'gold']);
  assert.match(gold.stderr, /^refrain: --tier: .*"free"/);
});

test('a wrong command line shows how that command is called, and no other', async () => {
  const { stderr } = await refrain(['jobs', 'retry']);
  assert.match(stderr, /^refrain: jobs retry takes one id\n\nusage: .*\n\n {2}jobs /);
  assert.doesNotMatch(stderr, /cache|validate/);
  assert.match((await refrain(['job'])).stderr, /validate[\s\S]*jobs[\s\S]*cache/);
});

test('who asks for help gets it on standard output, and has done nothing wrong', async () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { status, stdout, stderr } = await refrain(args);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^usage: [\s\S]*validate[\s\S]*cache warm/);
  }
  for (const args of [
    ['help', 'key'],
    ['key', '--help'],
  ]) {
    const { status, stdout } = await refrain(args);
    assert.equal(status, 0);
    assert.match(stdout, /^usage: [\s\S]*key --tenant/);
    assert.doesNotMatch(stdout, /cache|rfr_/);
  }
});

test('cache says what to do where no mesh runs, and which file cannot be read', async (t) => {
  const here = folder(t);
  const none = await refrain(['cache', 'stats'], { REFRAIN_HOME: here });
  assert.equal(none.status, 1);
  assert.equal(
    none.stderr,
    `refrain: no mesh runs in ${here}; npm start starts one, --cache HOST:PORT names a cache elsewhere\n`,
  );
  const warm = ['cache', 'warm', 'none.jsonl', '--tenant', 'acme'];
  const missing = await refrain(warm, { REFRAIN_HOME: here, INIT_CWD: here });
  assert.deepEqual([missing.status, missing.stdout], [1, '']);
  assert.equal(missing.stderr, `refrain: ${join(here, 'none.jsonl')} cannot be read (ENOENT)\n`);
});

test('status tells of a ready service, of one that is not and of one that does not answer', async (t) => {
  const here = folder(t);
  const server = createServer((request, response) => {
    const ok = request.url === '/readyz';
    response.writeHead(ok ? 200 : 404).end(JSON.stringify({ ok, parts: { redis: 'up' } }));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const metrics = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const mesh = (...processes: object[]) =>
    writeFileSync(
      join(here, 'mesh.json'),
      JSON.stringify({ router: { grpc: '127.0.0.1:1', http: 'http://127.0.0.1:2' }, processes }),
    );
  const status = (...more: string[]) => refrain(['status', ...more], { REFRAIN_HOME: here });
  assert.match((await status()).stdout, /^No mesh runs in /);

  mesh({ name: 'cache', pid: 5, metrics });
  const good = await status();
  assert.equal(good.status, 0, good.stderr);
  assert.match(good.stdout, /✔ cache +5 +redis up/);

  mesh({ name: 'cache', pid: 5, metrics }, { name: 'router-1', pid: 6, metrics: 'http://127.0.0.1:1/metrics' });
  const bad = await status('--json');
  assert.equal(bad.status, 1);
  const { ready, services } = JSON.parse(bad.stdout);
  assert.deepEqual([ready, services.map((each: { ready: boolean }) => each.ready)], [false, [true, false]]);
});
