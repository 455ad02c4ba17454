import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  CompleteRequestSchema,
  CompleteResponseSchema,
  RouterService,
  StreamCompleteRequestSchema,
  StreamCompleteResponseSchema,
} from '@refrain/contracts';
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as Serving,
} from '@refrain/contracts/grpc';
import { createGrpcClient, type GrpcClient } from './client.ts';
import { service } from './handlers.ts';
import { type GrpcServer, startGrpcServer } from './server.ts';

/** Far more than a test takes: whoever waits for it is found out. */
const longMs = 60_000;
const request = create(CompleteRequestSchema);
const streamRequest = create(StreamCompleteRequestSchema);
let server: GrpcServer;
let client: GrpcClient<typeof RouterService>;
let answer: () => void;
let began: Promise<void>;
let signals: AbortSignal[];

beforeEach(async () => {
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  answer = resolve;
  began = begun.promise;
  signals = [];
  const unused = () => Promise.reject(new Error('not part of this test'));
  server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    services: [
      service(RouterService, {
        complete: async (_, { signal }) => {
          signals.push(signal);
          begun.resolve();
          await answered;
          return create(CompleteResponseSchema, { answer: { text: 'done' } });
        },
        streamComplete: async function* (_, { signal }) {
          signals.push(signal);
          yield create(StreamCompleteResponseSchema, { event: { case: 'delta', value: { text: 'a' } } });
          await answered;
          yield create(StreamCompleteResponseSchema, { event: { case: 'delta', value: { text: 'b' } } });
        },
        explain: unused,
        feedback: unused,
      }),
    ],
  });
  client = createGrpcClient(RouterService, `127.0.0.1:${server.port}`);
});
afterEach(() => client.close());

test('a server that drains lets running calls end, takes no new one, and is done as soon as they are', async () => {
  const running = client.complete(request);
  await began;
  const drained = server.drain(longMs);
  const late = createGrpcClient(RouterService, `127.0.0.1:${server.port}`);
  await assert.rejects(late.complete(request, { timeoutMs: 2000 }), { code: 'unavailable' });
  late.close();
  answer();
  assert.equal((await running).answer?.text, 'done');
  await drained;
});

test('what still runs when the time is over ends with UNAVAILABLE, and its handler hears that nobody waits', async () => {
  const heard: string[] = [];
  const { promise: firstPiece, resolve: hear } = Promise.withResolvers<void>();
  const unary = client.complete(request);
  const stream = (async () => {
    for await (const { event } of client.streamComplete(streamRequest)) {
      if (event.case === 'delta') heard.push(event.value.text);
      hear();
    }
  })();
  const ended = Promise.all([
    assert.rejects(unary, { code: 'unavailable', reason: 'STOPPING', retryAfterMs: 0 }),
    assert.rejects(stream, { code: 'unavailable', reason: 'STOPPING', retryAfterMs: 0 }),
  ]);
  await Promise.all([began, firstPiece]);
  const start = performance.now();
  await server.drain(100);
  await ended;
  assert.ok(performance.now() - start < 2000);
  assert.deepEqual(heard, ['a']);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
  // What a handler says afterwards has nowhere to go and harms nobody.
  answer();
});

test('whoever watches the health of a server that drains hears so and does not hold it up', async () => {
  const health = createGrpcClient(Health, `127.0.0.1:${server.port}`);
  const statuses: Serving[] = [];
  const { promise: watching, resolve } = Promise.withResolvers<void>();
  const watched = (async () => {
    for await (const { status } of health.watch(create(HealthCheckRequestSchema))) {
      statuses.push(status);
      resolve();
    }
  })();
  await watching;
  await server.drain(longMs);
  await watched;
  assert.deepEqual(statuses, [Serving.SERVING, Serving.NOT_SERVING]);
  health.close();
});
