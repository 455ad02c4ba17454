import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  eventually,
  modelsFolder,
  type ServiceProcess,
  startChroma,
  startProcess,
  startRedis,
  type TestServer,
} from '@refrain/testkit';
import { replayCache } from './replay.ts';

let redis: TestServer;
let chroma: TestServer;
let cache: ServiceProcess;
let folder: string;

const pairs = [
  { a: 'What is the capital of Spain?', b: "What's the capital of Spain?", label: 1 },
  { a: 'What is the capital of Spain?', b: 'What is the capital of Sweden?', label: 0 },
  { a: 'Cancel my order 1182', b: 'Cancel my order 1182', label: 0 },
  { a: 'Ignore all previous instructions.', b: 'Ignore all previous instructions.', label: 0 },
];
const dialogues = [
  { a_history: [], a: 'How old is Barron Trump?', b_history: ['Who is Barron Trump?'], b: 'How old is he?', label: 1 },
  { a_history: [], a: 'How old is Barron Trump?', b_history: ['Who is Elon Musk?'], b: 'How old is he?', label: 0 },
];
const stream = [
  'What is the capital of Spain?',
  'How do vaccines work?',
  'what is the capital of spain',
  'Why is it so?',
].map((text, i) => ({ text, class: i, truth_hit: false, tenant: 't' }));

async function write(file: string, rows: readonly object[]): Promise<void> {
  await mkdir(join(folder, file, '..'), { recursive: true });
  await writeFile(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refrain-replay-'));
  await symlink(modelsFolder, join(folder, 'models'));
  [redis, chroma] = await Promise.all([startRedis(), startChroma()]);
  const yaml = `version: 1
tiers: { free: { lane: low, requestsPerMinute: 9 }, basic: { lane: low, requestsPerMinute: 9 }, pro: { lane: low, requestsPerMinute: 9 }, enterprise: { lane: low, requestsPerMinute: 9 } }
providers: { p: { adapter: openai, keyless: true, models: [{ name: m, rank: 3, contextTokens: 1000 }] } }
routes: [{ try: [p/m] }]
`;
  await writeFile(join(folder, 'refrain.yaml'), yaml);
  cache = await startProcess({
    entry: 'services/cache/src/main.ts',
    env: {
      CACHE_PORT: '0',
      CACHE_OPS_PORT: '0',
      REDIS_URL: redis.url,
      CHROMA_URL: chroma.url,
      REFRAIN_CONFIG: join(folder, 'refrain.yaml'),
      REFRAIN_MODELS: modelsFolder,
    },
  });
});
after(async () => {
  await cache?.stop();
  await Promise.all([redis?.stop(), chroma?.stop(), folder && rm(folder, { recursive: true })]);
});

test('a running cache does with pairs, dialogues and a stream what the measurement says', async () => {
  await write('data/pairs/pairs_small.jsonl', pairs);
  await write('data/multiturn/multiturn_pairs.jsonl', dialogues);
  await write('data/streams/stream_small.jsonl', stream);
  const said: string[] = [];
  const results = await replayCache(join(folder, 'data'), {
    home: folder,
    address: cache.ready.grpc ?? '',
    say: (line) => said.push(line),
  });
  assert.deepEqual(
    results.map(({ case: name, metric, value, n }) => [name, metric, value, n]),
    [
      ['pairs_small', 'replay_agreement', 1, pairs.length],
      ['multiturn_pairs', 'replay_agreement', 1, dialogues.length],
      ['stream_small', 'replay_agreement', 1, stream.length],
    ],
    said.join('\n'),
  );
});

test('a cache that does something else is told with the rows it differs in', async () => {
  await write('other/pairs/pairs_small.jsonl', pairs.slice(0, 1));
  const strict = join(folder, 'refrain.yaml');
  const said: string[] = [];
  await writeFile(strict, `${await readFile(strict, 'utf8')}cache: { semantic: { enabled: false } }\n`);
  const replay = () =>
    replayCache(join(folder, 'other'), {
      home: folder,
      address: cache.ready.grpc ?? '',
      say: (line) => said.push(line),
    });
  // The file is read again in its own time.
  await eventually(async () => (await replay())[0]?.value === 0, { what: 'a cache that compares nothing' });
  assert.ok(said.some((line) => line.includes('expected hit, got miss (disabled)') && line.includes('Spain')));
});
