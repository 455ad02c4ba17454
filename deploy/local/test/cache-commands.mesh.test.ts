/** `npm run -s refrain -- cache …` on a mesh that runs, as an operator uses it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually, type ScriptedUpstream, startUpstream } from '@refrain/testkit';
import { root } from '../src/check/step.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

interface Outcome {
  readonly status: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

const tenant = ['--tenant', 'local'];

describe('the commands of the cache', { timeout: 240_000 }, () => {
  let folder: string;
  let mesh: TestMesh;
  let upstream: ScriptedUpstream;

  const cache = (...args: string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const env = {
        PATH: process.env.PATH,
        REFRAIN_HOME: mesh.home,
        REFRAIN_CONFIG: join(mesh.home, 'refrain.yaml'),
        INIT_CWD: folder,
      };
      const program = join(root, 'deploy/local/src/refrain.ts');
      execFile(process.execPath, [program, 'cache', ...args], { cwd: root, env }, (error, stdout, stderr) =>
        resolve({ status: error ? error.code : 0, stdout, stderr }),
      );
    });
  const cacheJson = async (...args: string[]) => JSON.parse((await cache(...args, '--json')).stdout);
  const write = (name: string, lines: readonly (object | string)[]) =>
    writeFileSync(
      join(folder, name),
      lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
    );
  const ask = async (messages: string | object[], more: object = {}) => {
    const body = { messages: typeof messages === 'string' ? [{ role: 'user', content: messages }] : messages, ...more };
    const response = await fetch(`${mesh.file().router.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { choices } = (await response.json()) as { choices?: { message: { content: string } }[] };
    return [response.headers.get('x-refrain-source'), choices?.[0]?.message.content];
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'refrain-cache-'));
    upstream = await startUpstream('openai');
    upstream.otherwise({ text: 'From the upstream.' });
    mesh = await startMesh({ config: config(upstream.baseUrl) });
    const ready = async () => (await cacheJson('stats')).semanticReady === true;
    await eventually(ready, { timeoutMs: 60_000, what: 'the model and the index' });
  });
  after(async () => {
    await mesh?.stop();
    await upstream?.stop();
    rmSync(folder, { recursive: true });
  });

  it('warm: answers that nobody has asked for yet are hits by HTTP, by word and by meaning', async () => {
    const dialogue = [
      { role: 'user', content: 'Name a river.' },
      { role: 'assistant', content: 'The Elbe.' },
      { role: 'user', content: 'Name a bridge over it.' },
    ];
    const code = 'What does this print?\n```js\nconsole.log(1);\n```';
    write('good.jsonl', [
      { question: 'What is the capital of France?', answer: 'Paris.', tags: ['faq'] },
      { question: 'Who wrote Faust?', system: 'Answer in one word.', answer: 'Goethe.', model: 'best' },
      '',
      { messages: dialogue, answer: 'Köhlbrandbrücke.', provider: 'p/m' },
      { question: code, answer: '1.' },
    ]);
    const { status, stdout, stderr } = await cache('warm', 'good.jsonl', ...tenant, '--tag', 'warmed');
    assert.equal(status, 0, stderr);
    assert.match(
      stdout,
      /^4 answers stored, 3 of them found by their meaning too\.\n {2}by their exact words alone: 1\n {4}code 1\n/,
    );
    assert.match(stderr, /^4 of 4, \d+ a second, 0 s left\n$/m);
    assert.equal(stderr.split('4 of 4').length, 2, 'the last of it is said once');

    const { count } = upstream;
    assert.deepEqual(await ask('What is the capital of France?'), ['exact', 'Paris.']);
    const one = [
      { role: 'system', content: 'Answer in one word.' },
      { role: 'user', content: 'Who wrote Faust?' },
    ];
    assert.deepEqual(await ask(one, { model: 'best' }), ['exact', 'Goethe.']);
    assert.deepEqual(await ask(dialogue), ['exact', 'Köhlbrandbrücke.']);
    assert.deepEqual(await ask(code), ['exact', '1.']);
    assert.deepEqual(await ask("What's the capital of France?"), ['semantic', 'Paris.']);
    assert.equal(upstream.count, count);
    assert.deepEqual(await ask(one), ['provider', 'From the upstream.'], 'the model asked for is part of the request');
  });

  it('warm: more answers than the embedder does at once are all found by meaning, and counted on the way', async () => {
    const topics = ['tea', 'wool', 'granite', 'copper', 'honey', 'paper', 'glass', 'cork', 'salt', 'amber'];
    const aspects = ['colour', 'weight', 'price', 'history', 'smell', 'origin', 'use', 'density', 'shape', 'trade'];
    const lines = topics.flatMap((topic) =>
      aspects.flatMap((aspect) =>
        ['Roman', 'Greek', 'Norse', 'Welsh'].map((people) => ({
          question: `What did the ${people} people say about the ${aspect} of ${topic}?`,
          answer: `${people}, ${aspect}, ${topic}.`,
        })),
      ),
    );
    write('many.jsonl', lines);
    const summary = await cacheJson('warm', 'many.jsonl', ...tenant, '--tag', 'many');
    assert.deepEqual(summary, { lines: 400, bad: 0, stored: 400, byMeaning: 400, exactOnly: {}, refused: {} });
    const found = await ask('What did the Norse people say about the smell of amber?');
    assert.deepEqual(found, ['exact', 'Norse, smell, amber.']);
  });

  it('warm: a file with wrong lines stores nothing and names each of them; --skip-bad leaves them out', async () => {
    write('bad.jsonl', [
      { question: 'Is this line good?', answer: 'It is.' },
      '{"question":',
      { question: 'No answer?' },
      { question: 'Whom do I ask?', answer: 'Nobody.', model: 'gpt-9' },
    ]);
    const refused = await cache('warm', 'bad.jsonl', ...tenant);
    assert.equal(refused.status, 1);
    assert.equal(refused.stdout, '');
    assert.match(
      refused.stderr,
      /^line 2: is not JSON\nline 3: answer: is missing, or no text\nline 4: model: nobody can ask for gpt-9; .*\nrefrain: 3 lines are wrong, so nothing was stored;/,
    );
    assert.deepEqual(await ask('Is this line good?', {}), ['provider', 'From the upstream.']);
    const left = await cacheJson('warm', 'bad.jsonl', ...tenant, '--skip-bad');
    assert.deepEqual([left.stored, left.bad], [1, 3]);
    assert.deepEqual(await ask('Is this line good?'), ['exact', 'It is.']);
  });

  it('stats: tells hits and stores, for people and for programs', async () => {
    const { questions, exactHits, semanticHits, stores, misses } = await cacheJson('stats');
    assert.ok(exactHits >= 4 && semanticHits >= 1 && stores >= 403 && misses['exact:empty'] > 0);
    const { status, stdout } = await cache('stats');
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^questions +${questions.toLocaleString('en-US')}\\n`));
    assert.match(stdout, / {2}exact hits +\d+ +[\d.]+ %\n/);
    assert.match(stdout, /answers by meaning +yes\n/);
  });

  it('invalidate: says what would go and takes nothing; --yes takes it, and nothing else', async () => {
    const dry = await cache('invalidate', ...tenant, '--tag', 'faq');
    assert.equal(dry.status, 0, dry.stderr);
    assert.equal(
      dry.stdout,
      '1 entry of tenant local (tag faq) would go. Nothing was removed; the same with --yes removes it.\n',
    );
    assert.equal((await ask('What is the capital of France?'))[0], 'exact');
    const elsewhere = await cache('invalidate', '--tenant', 'other', '--tag', 'faq', '--yes');
    assert.equal(elsewhere.stdout, '0 entries of tenant other (tag faq) removed.\n');
    assert.equal(elsewhere.stderr, 'refrain: note that refrain.yaml has no tenant other\n');
    const done = await cacheJson('invalidate', ...tenant, '--tag', 'faq', '--yes', '--actor', 'ops');
    assert.deepEqual(done, { tenant: 'local', selector: 'tag', dryRun: false, actor: 'ops', removed: 1, pending: 0 });
    assert.equal((await ask('What is the capital of France?'))[0], 'provider');
    assert.equal((await cacheJson('invalidate', ...tenant, '--model', 'p/m', '--yes')).removed >= 1, true);
    assert.equal((await ask('What did the Norse people say about the smell of amber?'))[0], 'exact');
  });

  it('rebuild: shows how far it is, and what was stored is still found by meaning afterwards', async () => {
    const { status, stdout, stderr } = await cache('rebuild');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\d+ vectors of \d+ partitions? are in the new index, after [\d.]+ s\.\n$/);
    assert.match(stderr, /^\d+ of \d+ vectors 100\.0 %\n$/m);
    const [source] = await ask('What did the Greek people say about the price of wool, please?');
    assert.equal(source, 'semantic');
  });

  it('report: tells of each partition what was served by meaning, and from which confidence on', async () => {
    const { partitions } = await cacheJson('report', ...tenant);
    assert.ok(partitions.length > 0);
    const [first] = partitions;
    assert.ok(first.lookups >= first.hits && first.hits >= 1 && first.repeatShare > 0);
    assert.ok(first.confidence > 0 && first.shippedConfidence > 0);
    const { status, stdout } = await cache('report', ...tenant);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^partition .*\\n${first.partition} `));
    assert.equal(
      (await cache('report', '--tenant', 'nobody')).stdout,
      'No question of tenant nobody has been looked up by its meaning yet.\n',
    );
  });

  it('purge: without --yes it fails and takes nothing; with it nothing of the tenant is left', async () => {
    const refused = await cache('purge', ...tenant);
    assert.equal(refused.status, 1);
    assert.match(refused.stdout, /^\d+ entries of tenant local .* would go\. Nothing was removed/);
    const { removed } = await cacheJson('purge', ...tenant, '--yes');
    assert.ok(removed >= 400);
    assert.equal((await cacheJson('invalidate', ...tenant, '--all')).removed, 0);
    assert.equal((await ask('What did the Norse people say about the smell of amber?'))[0], 'provider');
  });

  it('--cache asks another cache; where nobody answers, the error says what to do', async () => {
    assert.equal((await cache('stats', '--cache', mesh.file().cache.grpc)).status, 0);
    const { status, stderr } = await cache('stats', '--cache', '127.0.0.1:1');
    assert.equal(status, 1);
    assert.equal(
      stderr,
      'refrain: Nothing answers at 127.0.0.1:1. (npm run -s refrain -- status shows what is away)\n',
    );
  });
});

function config(baseUrl: string): string {
  return `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 10 }
  basic: { lane: normal, requestsPerMinute: 10 }
  pro: { lane: high, requestsPerMinute: 10 }
  enterprise: { lane: high, requestsPerMinute: 100000 }
local: { tier: enterprise }
providers: { p: { adapter: openai, keyless: true, baseUrl: "${baseUrl}", models: [{ name: m, rank: 3, contextTokens: 100000 }] } }
aliases: { best: [p/m] }
routes: [{ try: [p/m] }]
`;
}
