import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../config-error.ts';
import { loadMeshConfig, parseMeshConfig } from './load.ts';

const file = new URL('../../../../refrain.yaml', import.meta.url).pathname;
const shipped = readFileSync(file, 'utf8');

/** Faults of the shipped file after an edit, as printed. */
function faultsOf(text: string): string[] {
  try {
    parseMeshConfig(text, 'refrain.yaml');
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n');
  }
  return [];
}

function edited(from: string, to: string): { text: string; line: number; column: number } {
  const offset = shipped.indexOf(from);
  assert.ok(offset >= 0, `refrain.yaml no longer holds ${from}`);
  const before = shipped.slice(0, offset).split('\n');
  return {
    text: shipped.replace(from, () => to),
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
  };
}

test('of a route, a name and one with a weight are read alike, and both are looked up', () => {
  const rule = (model: string) =>
    shipped.replace('try: [claude/claude-sonnet-4-5,', `try: [{ model: ${model}, weight: 2 },`);
  assert.deepEqual(faultsOf(rule('claude/claude-sonnet-4-5')), []);
  assert.match(faultsOf(rule('cloud/x')).join(), / routes\[4\]\.try\[0\]\.model: names cloud\/x/);
  assert.match(faultsOf(rule('claude')).join(), / routes\[4\]\.try\[0\]\.model: write <provider>\/<model>/);
});

test('the shipped file is good and its defaults are filled in', () => {
  const config = loadMeshConfig(file);
  assert.equal(config.cache.semantic.enabled, true);
  assert.equal(config.providers.claude?.concurrency, 100);
  const perMinute = ['claude', 'gemini', 'openai'].map((name) => config.providers[name]?.limits.requestsPerMinute);
  assert.deepEqual(perMinute, [20, 60, 200], 'the example pool');
  assert.equal(config.providers.gemini?.resetTimeZone, 'America/Los_Angeles');
});

const cases: [string, string, string, RegExp][] = [
  ['a wrong type points at the field', 'attempts: 4', 'attempts: many', / limits\.attempts: .*number/],
  [
    'an unknown key points at the key',
    'deadlineMs: 60000',
    'deadlineMS: 60000',
    / limits\.deadlineMS: is not a setting/,
  ],
  ['a model nobody has', 'try: [claude/', 'try: [cloud/', / routes\[4\]\.try\[0\]: names cloud\/claude-sonnet-4-5/],
  ['a wrong word beside a list', 'task: code, complexity', 'task: coed, complexity', / when\.task: .*"code"/],
  ['a wrong word inside a list', 'task: code, complexity', 'task: [coed], complexity', / when\.task\[0\]: .*"code"/],
  ['a provider name that no subject can hold', 'groq:', 'gr.oq:', / providers\.gr\.oq: use 1 to 32/],
  ['an alias called auto', 'fast: [', 'auto: [', / aliases\.auto: an alias is not called auto/],
  [
    'a profile that names nothing',
    'try: [deepseek/deepseek-chat',
    'try: [deep/deepseek-chat',
    / profiles\.core\.try\[0\]: names deep/,
  ],
  [
    'a profile called as an alias',
    '  core:',
    '  fast:',
    / profiles\.fast: a profile is not called auto or as an alias/,
  ],
  ['an alias that names nothing', 'fast: [groq', 'fast: [nobody', / aliases\.fast\[0\]: names nobody/],
  [
    'a local fallback that names nothing',
    'localFallback: ["llama',
    'localFallback: ["lama',
    / localFallback\[0\]: names/,
  ],
  [
    'a template there twice',
    'name: apology',
    'name: who-are-you',
    / templates\[1\]\.name: the template is there twice/,
  ],
  ['a model there twice', 'name: gpt-4.1-mini', 'name: gpt-4.1', / models\[1\]\.name: the model is there twice/],
  ['a provider without keys', 'keys: GROQ\n', 'queue: 5\n', / providers\.groq: needs `keys`/],
  [
    'a password in a URL',
    'https://api.groq.com',
    'https://a:b@api.groq.com',
    / providers\.groq\.baseUrl: holds a password/,
  ],
  [
    'a password in the URL of a pool',
    'keys: GROQ\n',
    'keys: GROQ\n    pools: { eu: { keys: GROQ_EU, baseUrl: "https://a:b@api.groq.com" } }\n',
    / providers\.groq\.pools\.eu\.baseUrl: holds a password/,
  ],
  [
    'a time zone that is none',
    'America/Los_Angeles',
    'America/Los_Diablos',
    / providers\.gemini\.resetTimeZone: is not a time zone/,
  ],
  [
    'a limit of nothing',
    'requestsPerMinute: 20 ',
    'requestsPerMinute: 0 ',
    / providers\.claude\.limits\.requestsPerMinute: /,
  ],
  ['a price that is no integer', 'input: 590000000', 'input: 0.59', / price\.input: /],
];

for (const [promise, from, to, expected] of cases) {
  test(`${promise} is named with line and field`, () => {
    const { text, line } = edited(from, to);
    const faults = faultsOf(text);
    const fault = faults.find((each) =>
      expected.test(
        each.replace(/(routes\[\d+\]|providers\.openai|providers\.groq\.models\[0\])\.(?=when|models|price)/, ''),
      ),
    );
    assert.ok(fault, faults.join('\n'));
    const at = Number(/^refrain\.yaml:(\d+):\d+ /.exec(fault)?.[1]);
    assert.ok(Math.abs(at - line) <= 3, `${fault} is far from line ${line}`);
  });
}

test('line and column are exact', () => {
  const { text, line, column } = edited('deadlineMs: 60000', 'deadlineMS: 60000');
  assert.deepEqual(faultsOf(text), [`refrain.yaml:${line}:${column} limits.deadlineMS: is not a setting`]);
});

test('all faults are told at once, in the order of the file', () => {
  const text = shipped
    .replace('attempts: 4', 'attempts: 0')
    .replace('topK: 5', 'topK: 5000')
    .replace('rank: 5,', 'rank: 9,');
  assert.deepEqual(
    faultsOf(text).map((fault) => /^refrain\.yaml:\d+:\d+ (\S+):/.exec(fault)?.[1]),
    ['limits.attempts', 'cache.semantic.topK', 'providers.claude.models[0].rank'],
  );
});

test('a version that is missing, empty or another says what to write', () => {
  for (const text of ['limits: {}\n', 'version:\n'])
    assert.match(faultsOf(text).join('\n'), /version: is missing: write version: 1$/m, text);
  assert.match(faultsOf('version: 2\n').join('\n'), /version: must be 1$/m);
});

test('a missing section is missing, not a wrong type', () => {
  assert.match(faultsOf('version: 1\n').join('\n'), /providers: is missing/);
});

test('text that is no YAML is named with its place', () => {
  assert.match(faultsOf('version: 1\nlimits: [\n')[0] ?? '', /^refrain\.yaml:\d+:\d+ \w/);
  assert.match(faultsOf('version: 1\nversion: 1\n')[0] ?? '', /^refrain\.yaml:2:1 .*unique/);
  assert.match(faultsOf('')[0] ?? '', /is empty/);
});

test('aliases that multiply or point nowhere are refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((name, i) => {
      const before = 'abcdefgh'[i];
      return `${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`;
    }),
  ].join('\n');
  assert.match(faultsOf(bomb)[0] ?? '', /alias/i);
  assert.match(faultsOf('version: *nothing\n')[0] ?? '', /alias/i);
});

test('a file that is not there is a fault with its name', () => {
  assert.throws(() => loadMeshConfig('/nowhere/refrain.yaml'), /\/nowhere\/refrain\.yaml cannot be read \(ENOENT\)/);
});

test('a fault names the file by its way from here, or in full where it lies elsewhere: there may be another of that name', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-load-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const here = join(folder, 'refrain.yaml');
  writeFileSync(here, 'version: 2\n');
  const firstFault = () => {
    try {
      return loadMeshConfig(here) && '';
    } catch (error) {
      return (error as Error).message.split(' ')[0];
    }
  };
  assert.equal(firstFault(), `${here}:1:1`);
  t.mock.method(process, 'cwd', () => folder);
  assert.equal(firstFault(), 'refrain.yaml:1:1');
});
