/** OpenAI's own client for Python, unchanged but for its base URL. Without pip or an index it is skipped, loudly. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { RecordedCall, Reply } from '@refrain/testkit';
import { exactOnly, startMesh } from './start-mesh.ts';

const run = promisify(execFile);
const here = join(import.meta.dirname, 'openai-python');
const checks = [
  'create',
  'stream',
  'stream_with_usage',
  'asynchronous',
  'tools',
  'structured',
  'models',
  'errors',
  'broken_stream',
];
const keyOf = (secret: string, who: string) => `{ hash: "sha256:${hash('sha256', secret, 'hex')}", ${who} }`;
const extra = `keys:
  - ${keyOf('key-of-ann', 'tenant: acme, user: ann, tier: pro')}
  - ${keyOf('key-of-eve', 'tenant: acme, user: eve, tier: free')}
`;

/** Installs the client into a folder; says why where it cannot. */
async function installClient(folder: string): Promise<string | undefined> {
  const quiet = [
    '--disable-pip-version-check',
    '--no-input',
    '--quiet',
    '--retries=1',
    '--timeout=15',
    '--no-deps',
    '--only-binary=:all:',
  ];
  const what = ['--target', folder, '-r', join(here, 'requirements.txt')];
  try {
    await run('python3', ['-m', 'pip', 'install', ...quiet, ...what], { timeout: 120_000 });
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n').slice(0, 3).join(' ');
  }
}

/** What the upstreams say to what the script asks. */
function answer({ body }: RecordedCall): Reply {
  const messages = body.messages as { role: string; content: string }[];
  const asked = messages.at(-1);
  const usage = { prompt: 10, completion: 5 };
  if (asked?.content === 'Please fail.') return { fault: { kind: 'overloaded' } };
  if (asked?.content === 'Please break off.') return { text: 'A long answer.', cut: 'middle' };
  if (body.response_format) return { text: '{"name":"Refrain"}', usage };
  if (body.tools && asked?.role === 'user')
    return { toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: { city: 'Oslo' } }], usage };
  return { text: `You asked: ${asked?.content}`, paceMs: 5, usage };
}

test("OpenAI's client for Python works unchanged", { timeout: 300_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'refrain-openai-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const missing = await installClient(folder);
  if (missing !== undefined) {
    process.stderr.write(`OpenAI's client for Python cannot be installed, its test is skipped: ${missing}\n`);
    t.skip(missing);
    return;
  }
  const mesh = await startMesh({ extra: exactOnly + extra });
  t.after(() => mesh.stop());
  for (const upstream of [mesh.one, mesh.two]) upstream.otherwise(answer);
  const script = ['-I', join(here, 'ask.py'), folder, `${mesh.http}/v1`];
  const { stdout } = await run('python3', script, { timeout: 60_000, env: { PATH: process.env.PATH } });
  const results = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { check: string; error?: string });
  for (const { check, error } of results) await t.test(check, () => assert.equal(error, undefined));
  assert.deepEqual(
    results.map(({ check }) => check),
    checks,
  );
});
