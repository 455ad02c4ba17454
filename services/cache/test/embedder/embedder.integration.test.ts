import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Source } from '@refrain/contracts';
import { eventually, modelsFolder, silentLog } from '@refrain/testkit';
import { noEmbedder } from '../../src/embedder/embedder.ts';
import { EmbedderProcess } from '../../src/embedder/embedder-process.ts';
import { cosine } from '../../src/embedder/vector.ts';
import { byMeaning, exactly, startParts, summary } from '../rig.ts';

const { embedder, start } = await startParts({ hangMs: 1500 });
const question = 'Who wrote the Odyssey?';
const paraphrase = 'who wrote the Odyssey ?';
const rig = await start();
await rig.put('a', question, 'Homer.');

test('a text has the same unit vector alone and in a crowd', async () => {
  const alone = await embedder.embed('How do volcanoes form?');
  const crowd = ['a', 'How do volcanoes form ?', 'a rather longer text that everybody else is padded to, word by word'];
  const [, same] = await Promise.all(crowd.map((text) => embedder.embed(text)));
  assert.ok(same && Math.abs(cosine(alone, same) - 1) < 1e-4);
  assert.ok(Math.abs(cosine(alone, alone) - 1) < 1e-5);
});

test('a text of which the model would read only a part has no vector', async () => {
  await assert.rejects(embedder.embed('的'.repeat(255)), { code: 'unsupported', reason: 'TOO_LONG' });
  await assert.rejects(embedder.embed('1,2,3,'.repeat(160)), { code: 'unsupported', reason: 'TOO_LONG' });
  await assert.rejects(embedder.embed('北京的首都是什么'), { code: 'unsupported', reason: 'UNKNOWN_SYMBOLS' });
  assert.equal((await embedder.embed('дом где живёт кот')).length, 384);
});

test('more texts than can be embedded in time are refused at once, the others answered', async () => {
  await embedder.embed('warm');
  const outcomes = await Promise.allSettled(
    Array.from({ length: 200 }, (_, i) => embedder.embed(`crowd number ${i} ${'of many '.repeat(20)}`)),
  );
  const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.reason : 'ok'));
  assert.ok(reasons.includes('ok') && reasons.includes('EMBEDDER_BUSY'));
  assert.ok(reasons.every((reason) => ['ok', 'EMBEDDER_BUSY', 'EMBEDDER_SLOW', 'EMBEDDER_DOWN'].includes(reason)));
  await eventually(() => embedder.embed('calm again').then(Boolean, () => false), { what: 'the embedder to recover' });
});

test('an embedder that was killed is replaced, and meanwhile exact answers go on', async () => {
  const { pid } = embedder;
  assert.ok(pid);
  process.kill(pid, 'SIGKILL');
  await eventually(() => !embedder.ready);
  assert.equal(embedder.state, 'down: exact answers only');
  assert.equal(summary(await rig.get('a', paraphrase, byMeaning)), 'no_model');
  assert.deepEqual(summary(await rig.get('a', question)), ['Homer.', Source.EXACT]);
  const unkept = await rig.put('a', 'Who wrote Faust?', 'Goethe.');
  assert.ok(unkept.stored, 'an answer is still kept exactly');
  await eventually(() => embedder.ready, { timeoutMs: 30_000 });
  assert.notEqual(embedder.pid, pid);
  assert.deepEqual(summary(await rig.get('a', paraphrase, byMeaning)), ['Homer.', Source.SEMANTIC]);
});

for (const program of ['/nowhere/node', ''])
  test(`an embedder that cannot be started (by "${program}") is tried again until it can`, async () => {
    const { execPath } = process;
    process.execPath = program;
    let late: EmbedderProcess;
    try {
      late = new EmbedderProcess({ modelsFolder, log: silentLog });
    } finally {
      process.execPath = execPath;
    }
    try {
      await eventually(() => late.ready, { timeoutMs: 30_000, what: 'the model' });
    } finally {
      await late.stop();
    }
  });

test('an embedder that hangs costs a few lookups their deadline, then none, and is replaced', async () => {
  const { pid } = embedder;
  assert.ok(pid);
  process.kill(pid, 'SIGSTOP');
  const times: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    const start = performance.now();
    const { answer } = await rig.get('a', `Which poem is number ${i}?`, byMeaning);
    assert.equal(answer, undefined);
    times.push(performance.now() - start);
  }
  assert.ok(
    times.slice(0, 3).every((each) => each < 450),
    times.join(' '),
  );
  assert.ok(
    times.slice(3).every((each) => each < 100),
    times.join(' '),
  );
  await eventually(() => embedder.pid !== pid && embedder.ready, { timeoutMs: 30_000, what: 'another child' });
  assert.deepEqual(summary(await rig.get('a', 'who wrote the  Odyssey ?', byMeaning)), ['Homer.', Source.SEMANTIC]);
});

test('without a model the cache answers exactly, and says what is missing', async () => {
  const without = noEmbedder('model_quantized.onnx cannot be read (ENOENT)');
  const plain = await start({ embedder: without });
  try {
    assert.deepEqual(summary(await plain.get('a', question)), ['Homer.', Source.EXACT]);
    assert.equal(summary(await plain.get('a', paraphrase, byMeaning)), 'no_model');
    assert.ok((await plain.put('a', 'Who wrote Hamlet?', 'Shakespeare.')).stored);
    assert.deepEqual(summary(await plain.get('a', 'Who wrote Hamlet?', exactly)), ['Shakespeare.', Source.EXACT]);
    assert.match(without.state, /ENOENT/);
  } finally {
    await plain.stop();
  }
});
