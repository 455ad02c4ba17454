/** The whole mesh as `npm start` brings it up, on a machine without keys: the local model, the cache, a template. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { eventually } from '@refrain/testkit';
import { type Doors, openDoors } from './doors.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

const names = ['grpc', 'http', 'nats'] as const;

describe('a mesh without keys', { timeout: 240_000 }, () => {
  let mesh: TestMesh;
  let doors: Doors;
  /** Asks until the answer comes from there: what is kept, is kept in the background. */
  const until = (door: (typeof names)[number], question: string, source: string) =>
    eventually(async () => (await doors[door](question)).source === source, {
      what: `${source} for "${question}" by ${door}`,
    });

  before(async () => {
    mesh = await startMesh();
    doors = await openDoors(mesh.file());
  });
  after(async () => {
    await doors?.close();
    await mesh?.stop();
  });

  it('answers a real question from a real local model, streamed', async () => {
    const given = await doors.http('What is the capital of France?');
    assert.match(given.text, /Paris/);
    assert.deepEqual([given.source, given.degraded], ['provider', false]);
    assert.ok(given.pieces > 2, `the text came in ${given.pieces} pieces`);
  });

  for (const door of names) {
    it(`answers the same question exactly, by ${door}`, async () => {
      await until(door, 'What is the capital of France?', 'exact');
      const given = await doors[door]('What is the capital of France?');
      assert.match(given.text, /Paris/);
      assert.equal(given.degraded, false);
    });
  }

  const paraphrases = {
    grpc: "What's the capital of France?",
    http: 'What is the capital of France, please?',
    nats: 'What is the French capital?',
  };
  for (const door of names) {
    it(`answers a light paraphrase by its meaning, with a calibrated confidence, by ${door}`, async () => {
      const given = await doors[door](paraphrases[door]);
      assert.match(given.text, /Paris/);
      assert.equal(given.source, 'semantic');
      assert.ok(given.confidence !== undefined && given.confidence > 0.5 && given.confidence < 1);
    });
  }

  it('answers from a template within 500 ms when no worker runs, degraded, by every door', async () => {
    const pid = mesh.pidOf('provider-llama');
    process.kill(pid, 'SIGKILL');
    await eventually(() => !existsSync(`/proc/${pid}`), { what: 'the worker to be gone' });
    for (const door of names) {
      const given = await doors[door](`Which river runs through Hamburg, I ask by ${door}?`);
      assert.deepEqual([given.source, given.degraded], ['template', true], door);
      assert.ok(given.firstMs < 500, `${door}: the first byte came after ${given.firstMs} ms`);
    }
  });

  it('is asked again as soon as the worker is back', async () => {
    await eventually(async () => (await doors.grpc('What is the capital of Italy?')).source === 'provider', {
      timeoutMs: 60_000,
      what: 'the local model to answer again',
    });
  });
});
