import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { embeddedForm } from '@refrain/judgement';
import { openGivenVectors } from './given-vectors.ts';
import { dimensions } from './model.ts';
import { toBytes } from './vector.ts';

test('a text has the vector of its record, however it is dressed; another is refused as by an embedder that is down', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-vectors-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const texts = ['What is a monad?', 'What is a functor?'];
  const vectors = texts.map((_, n) => Float32Array.from({ length: dimensions }, (_, i) => n + i / 1000));
  const keys = texts.map((text) => createHash('sha256').update(embeddedForm(text)).digest().subarray(0, 16));
  const records = keys.flatMap((key, i) => [key, toBytes(vectors[i] ?? new Float32Array())]);
  const file = join(folder, 'seed.vectors');
  writeFileSync(file, Buffer.concat([...records, Buffer.alloc(7)]));
  const embedder = await openGivenVectors(file);
  assert.deepEqual(await embedder.embed('What is a monad?'), vectors[0]);
  assert.deepEqual(await embedder.embed('What  is a functor'), vectors[1]);
  await assert.rejects(embedder.embed('What is a sheaf?'), { reason: 'EMBEDDER_DOWN' });
});
