/** What happened is told on `refrain.v1.events.<tenant>.<kind>`, in the encoding of `refrain.yaml`, without prompt or answer. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { fromBinary, fromJsonString } from '@bufbuild/protobuf';
import type { BusMessage } from '@refrain/bus';
import { type CompletionEvent, CompletionEventSchema, eventSubject, Source } from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import { type Doors, openDoors } from './doors.ts';
import { chatOf } from './question.ts';
import { exactOnly, meshYaml, startMesh, type TestMesh } from './start-mesh.ts';

interface Told {
  readonly subject: string;
  readonly encoding: 'json' | 'protobuf';
  readonly text: string;
  readonly event: CompletionEvent;
}

function read({ subject, data, header }: BusMessage): Told {
  const text = Buffer.from(data).toString();
  return header('content-type') === 'application/json'
    ? { subject, text, encoding: 'json', event: fromJsonString(CompletionEventSchema, text) }
    : { subject, text, encoding: 'protobuf', event: fromBinary(CompletionEventSchema, data) };
}

describe('events', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let doors: Doors;
  const told: Told[] = [];
  before(async () => {
    mesh = await startMesh({ extra: exactOnly, router: { LOG_LEVEL: 'debug' } });
    doors = await openDoors(mesh);
    doors.bus.subscribe(eventSubject('*', '*'), {}, (message) => told.push(read(message)));
    // What this connection asks is heard after its subscription: from here on nothing is missed.
    await doors.by['nats json'](chatOf('Who listens?'));
  });
  after(async () => {
    await doors?.close();
    await mesh?.stop();
  });

  it('are in the log too where it is asked for, one line for each question and no word of it', async () => {
    const given = await doors.by.http(chatOf('A secret for the log?'));
    const linesOf = () =>
      mesh.router
        .output()
        .split('\n')
        .filter((line) => line.includes(given.requestId));
    await eventually(() => linesOf().length > 0, { what: 'the line' });
    const [line = '{}', ...rest] = linesOf();
    assert.deepEqual(rest, []);
    const { face, level, model, msg, provider, source, status, tenant } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual([level, msg, tenant, face, status], ['debug', 'request answered', 'local', 'http', 'ok']);
    assert.deepEqual([source, provider, model], ['provider', 'one', 'large']);
    assert.doesNotMatch(mesh.router.output(), /secret/);
  });

  /** The one event of a request. */
  const eventOf = async (isIt: (event: CompletionEvent) => boolean): Promise<Told> => {
    const those = () => told.filter(({ event }) => isIt(event));
    await eventually(() => those().length > 0, { what: 'the event' });
    const [only, ...rest] = those();
    assert.ok(only);
    assert.deepEqual(rest, []);
    assert.doesNotMatch(only.text, /secret|whisper/);
    return only;
  };
  /** Failures that a test has seen. */
  const known = new Set<string>();
  const summary = ({ kind, tenant, user, provenance, cost, usage }: CompletionEvent) => [
    kind,
    tenant,
    user,
    provenance?.source,
    provenance?.provider,
    Number(cost?.nanoUsd),
    Number(cost?.savedNanoUsd),
    usage?.promptTokens,
  ];

  for (const encoding of ['json', 'protobuf'] as const) {
    it(`${encoding}: a completion, a hit and a failure, each once, each on its subject`, async () => {
      if (encoding === 'protobuf') {
        await writeFile(
          mesh.configFile,
          meshYaml(mesh.one, mesh.two, { extra: `${exactOnly}events: { encoding: protobuf }\n` }),
        );
        await eventually(() => mesh.router.output().includes('refrain.yaml was read again'), { what: 'the reload' });
      }
      const question = chatOf(`What is the secret of ${encoding}?`);
      mesh.one.script({ text: 'A whisper.', usage: { prompt: 10, completion: 5 } });
      const asked = await doors.by.grpc(question);
      const completion = await eventOf(({ requestId }) => requestId === asked.requestId);
      assert.deepEqual([completion.subject, completion.encoding], ['refrain.v1.events.local.completion', encoding]);
      const paid = ['completion', 'local', 'local', Source.PROVIDER, 'one', 20_000, 0, 10];
      assert.deepEqual(summary(completion.event), paid);

      await eventually(async () => (await doors.by.http(question)).source === 'exact', {
        what: 'the answer to be kept',
      });
      const again = await doors.by.http(question);
      const hit = await eventOf(({ requestId }) => requestId === again.requestId);
      assert.deepEqual([hit.subject, hit.encoding], ['refrain.v1.events.local.cache-hit', encoding]);
      assert.deepEqual(summary(hit.event), ['cache-hit', 'local', 'local', Source.EXACT, 'one', 0, 20_000, 10]);
      assert.ok(hit.event.durationMs < 5000 && hit.event.atMs > 0n);

      mesh.one.script({ fault: { kind: 'invalid' } });
      await assert.rejects(doors.by.grpc(chatOf(`What secret fails in ${encoding}?`)), { code: 'invalid' });
      const failure = await eventOf(({ kind, requestId }) => kind === 'failure' && !known.has(requestId));
      known.add(failure.event.requestId);
      assert.deepEqual([failure.subject, failure.encoding], ['refrain.v1.events.local.failure', encoding]);
      assert.deepEqual([failure.event.errorCode, failure.event.provenance], ['invalid', undefined]);
    });
  }

  it('every one of those who share a flight is told of', async () => {
    mesh.one.script({ chunks: 3, paceMs: 30 });
    const given = await Promise.all(Array.from({ length: 10 }, () => doors.by.grpc(chatOf('What do we share?'))));
    const events = await Promise.all(given.map(({ requestId }) => eventOf((event) => event.requestId === requestId)));
    assert.equal(events.filter(({ event }) => event.provenance?.source === Source.COALESCED).length, 9);
  });
});
