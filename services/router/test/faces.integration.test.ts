/** The same question by every door in every form: the same answer, with the same provenance. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RefrainError } from '@refrain/errors';
import { eventually } from '@refrain/testkit';
import { type DoorName, type Doors, doorNames, type Given, openDoors } from './doors.ts';
import { chatOf } from './question.ts';
import { exactOnly, startMesh, type TestMesh } from './start-mesh.ts';

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const provenanceOf = ({ source, provider, model, reason, degraded, attempts }: Given) => ({
  source,
  provider,
  model,
  reason,
  degraded,
  attempts,
});

describe('the doors of a mesh', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let doors: Doors;
  const ask = (name: DoorName, text: string): Promise<Given> => doors.by[name](chatOf(text));

  before(async () => {
    mesh = await startMesh({ extra: exactOnly });
    doors = await openDoors(mesh);
  });
  after(async () => {
    await doors?.close();
    await mesh?.stop();
  });

  for (const name of doorNames) {
    it(`${name}: a new question is answered by the provider, with its cost`, async () => {
      mesh.one.script({ text: `Said to ${name}.`, usage: { prompt: 10, completion: 5 } });
      const given = await ask(name, `What is new by ${name}?`);
      assert.deepEqual(provenanceOf(given), {
        source: 'provider',
        provider: 'one',
        model: 'large',
        reason: 'route:text/simple',
        degraded: false,
        attempts: 1,
      });
      assert.equal(given.text, `Said to ${name}.`);
      assert.deepEqual([given.nanoUsd, given.savedNanoUsd, given.tokens], [20_000, 0, 15]);
      assert.match(given.requestId, uuidV7);
    });
  }

  it('a question that was answered is answered alike by all, from the cache, for nothing', async () => {
    const text = 'What is known to everybody?';
    mesh.one.script({ text: 'All of this.', usage: { prompt: 10, completion: 5 } });
    await ask('grpc', text);
    await eventually(async () => (await ask('grpc', text)).source === 'exact', { what: 'the answer to be kept' });
    const asked = mesh.one.count;
    const given = new Map<string, Given>();
    for (const name of doorNames) given.set(name, await ask(name, text));
    const expected = { source: 'exact', provider: 'one', model: 'large', reason: 'cache:exact', degraded: false };
    for (const [name, each] of given) {
      assert.deepEqual(provenanceOf(each), { ...expected, attempts: 0 }, name);
      assert.deepEqual([each.text, each.nanoUsd, each.savedNanoUsd], ['All of this.', 0, 20_000], name);
    }
    assert.equal(new Set([...given.values()].map(({ entryId }) => entryId)).size, 1);
    assert.equal(new Set([...given.values()].map(({ requestId }) => requestId)).size, doorNames.length);
    assert.equal(mesh.one.count, asked);
  });

  it('a long answer from the cache comes in pieces by every door that streams, the same to the byte', async () => {
    const text = 'What takes long to tell?';
    const long = `Once upon a time 🦉 there was\n\n${'a mesh that answered twice what it was asked once. '.repeat(20)}`;
    mesh.one.script({ text: long, usage: { prompt: 10, completion: 5 } });
    await ask('grpc', text);
    await eventually(async () => (await ask('grpc', text)).source === 'exact', { what: 'the answer to be kept' });
    for (const name of doorNames) {
      const given = await ask(name, text);
      assert.deepEqual([given.text, given.source, given.tokens], [long, 'exact', 15], name);
      if (name.endsWith('stream')) assert.ok(given.pieces > 10, `${name}: ${given.pieces} pieces`);
    }
  });

  it('a template that always answers does so by all, and nobody is asked', async () => {
    const asked = mesh.one.count;
    for (const name of doorNames) {
      const { text, provider, degraded } = await ask(name, 'When do you open?');
      assert.deepEqual([text, provider, degraded], ['At nine.', 'template', false], name);
    }
    assert.equal(mesh.one.count, asked);
  });

  it('when no provider answers a template does by all, degraded, and says why', async () => {
    mesh.one.otherwise({ fault: { kind: 'overloaded' } });
    mesh.two.otherwise({ fault: { kind: 'overloaded' } });
    for (const name of doorNames) {
      const given = await ask(name, `Who is there, ${name}?`);
      assert.deepEqual(provenanceOf(given), {
        source: 'template',
        provider: 'template',
        model: 'apology',
        reason: 'fallback:upstream_overloaded',
        degraded: true,
        attempts: 0,
      });
      assert.equal(given.text, 'Nobody can answer that now.', name);
    }
    mesh.one.otherwise({});
    mesh.two.otherwise({});
  });

  it('an answer that breaks off after its first words is told as that, and nobody else is asked', async () => {
    const expected: Record<DoorName, object> = {
      grpc: { code: 'midstream', reason: 'TRUNCATED' },
      'grpc stream': { code: 'midstream', reason: 'TRUNCATED' },
      http: { message: /^502: .*"code":"truncated"/ },
      'http stream': { message: /^error event: truncated, [1-9]\d* tokens of [1-9]\d* nano-dollars$/ },
      'nats json': { message: /^NATS answered 502: / },
      'nats json stream': { message: /^NATS answered 502: / },
      'nats protobuf': { message: /^NATS answered 502: / },
      'nats protobuf stream': { message: /^NATS answered 502: / },
    };
    const asked = mesh.two.count;
    for (const name of doorNames) {
      mesh.one.script({ text: 'An answer without its end.', missingEnd: true, paceMs: 5 });
      await assert.rejects(ask(name, `What breaks off by ${name}?`), (error) => {
        const { spent } = error as RefrainError;
        if (name.startsWith('grpc')) assert.ok(spent && spent.completionTokens > 0 && spent.nanoUsd > 0n, name);
        assert.throws(() => {
          throw error;
        }, expected[name]);
        return true;
      });
    }
    assert.equal(mesh.two.count, asked);
  });

  it('fifty identical questions by all doors at once are one call upstream', async () => {
    const asked = mesh.one.count;
    mesh.one.script({ text: 'Only once.', chunks: 4, paceMs: 40, usage: { prompt: 10, completion: 5 } });
    const given = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ask(doorNames[i % doorNames.length] ?? 'grpc', 'What does everybody ask?')),
    );
    assert.equal(mesh.one.count - asked, 1);
    assert.ok(given.every(({ text }) => text === 'Only once.'));
    const count = (source: string) => given.filter((each) => each.source === source).length;
    assert.deepEqual([count('provider'), count('coalesced')], [1, 49]);
    assert.equal(
      given.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0),
      20_000,
    );
    assert.equal(
      given.reduce((sum, { savedNanoUsd }) => sum + savedNanoUsd, 0),
      49 * 20_000,
    );
  });
});
