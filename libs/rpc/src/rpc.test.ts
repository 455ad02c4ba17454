import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  CompleteRequestSchema,
  CompleteResponseSchema,
  ExplainRequestSchema,
  RouterService,
  StreamCompleteResponseSchema,
} from '@refrain/contracts';
import { Health, HealthCheckRequestSchema, HealthCheckResponse_ServingStatus } from '@refrain/contracts/grpc';
import { RefrainError } from '@refrain/errors';
import { createGrpcClient } from './client.ts';
import { Encoded } from './definition.ts';
import { type CallContext, type CallObserver, service } from './handlers.ts';
import { type GrpcServer, startGrpcServer } from './server.ts';

let server: GrpcServer;
let client: ReturnType<typeof connect>;
let seen: CallContext | undefined;
let released = 0;
let calls = 0;
const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
const observed: Parameters<CallObserver>[] = [];
let limitBytes = 1000;
const spent = { promptTokens: 10, completionTokens: 2, estimated: true, nanoUsd: 14n, priceMissing: true };
const connect = (port: number) => createGrpcClient(RouterService, `127.0.0.1:${port}`);
const ask = (model: string) => create(CompleteRequestSchema, { chat: { model } });
const piece = (text: string) => create(StreamCompleteResponseSchema, { event: { case: 'delta', value: { text } } });

before(async () => {
  const unused = async () => Promise.reject(new Error('not part of this test'));
  server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    maximumRequestBytes: () => limitBytes,
    observe: (...call) => observed.push(call),
    services: [
      service(RouterService, {
        complete: async (request, context) => {
          seen = context;
          calls += 1;
          const model = request.chat?.model ?? '';
          if (model === 'cut') throw new RefrainError('not_found', `There is no ${'😀'.slice(0, 1)}.`);
          if (model === 'many') {
            const fields = Array.from({ length: 2000 }, (_, i) => ({
              field: `messages[${i}]`,
              description: 'x'.repeat(200),
            }));
            throw new RefrainError('invalid', 'x'.repeat(50_000), { fields });
          }
          if (model === 'bug') throw new TypeError('secret detail');
          if (model === 'wait') await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
          if (model === 'hold') await held;
          if (model === 'encoded') {
            const part = (answer: object) =>
              toBinary(CompleteResponseSchema, create(CompleteResponseSchema, { answer }));
            return new Encoded(
              Buffer.concat([
                part({ text: 'kept', provenance: { model: 'm' } }),
                part({ provenance: { attempts: 3 } }),
              ]),
            );
          }
          if (model === 'broken') throw new RefrainError('midstream', 'Cut.', { reason: 'TRUNCATED', spent });
          if (model === 'limited') {
            throw new RefrainError('rate_limited', 'Too fast.', {
              retryAfterMs: 1500,
              fields: [{ field: 'user', description: 'x' }],
            });
          }
          return create(CompleteResponseSchema, { answer: { text: `hello ${model}` } });
        },
        streamComplete: async function* (request, context) {
          try {
            const count = Number(request.chat?.model);
            for (let i = 0; i < count && !context.signal.aborted; i += 1) yield piece(String(i));
            if (Number.isNaN(count)) throw new RefrainError('midstream', 'Cut.');
          } finally {
            released += 1;
          }
        },
        explain: () => {
          throw new RefrainError('invalid', 'Not so.');
        },
        feedback: unused,
      }),
    ],
  });
  client = connect(server.port);
});
after(async () => {
  client.close();
  await server.drain(1000);
});

test('a unary call answers', async () => {
  assert.equal((await client.complete(ask('you'))).answer?.text, 'hello you');
});

test('a response that is serialized already is sent as it is, and what follows in it is merged', async () => {
  const { answer } = await client.complete(ask('encoded'));
  assert.deepEqual([answer?.text, answer?.provenance?.model, answer?.provenance?.attempts], ['kept', 'm', 3]);
});

test('an observer hears of each call: its code, its time and the error behind it', async () => {
  observed.length = 0;
  await client.complete(ask('you'));
  await assert.rejects(client.complete(ask('bug')));
  const path = 'refrain.router.v1.RouterService/Complete';
  assert.deepEqual(
    observed.map(([method, code, , error]) => [method, code, (error?.cause as Error | undefined)?.message]),
    [
      [path, 'ok', undefined],
      [path, 'internal', 'secret detail'],
    ],
  );
  assert.ok(observed.every(([, , milliseconds]) => milliseconds >= 0));
});

test('an error keeps its code, reason, fields and retry time on its way to the client', async () => {
  await assert.rejects(client.complete(ask('limited')), (error) => {
    assert.ok(error instanceof RefrainError);
    assert.deepEqual([error.code, error.reason, error.retryAfterMs], ['rate_limited', 'RATE_LIMITED', 1500]);
    assert.deepEqual(error.fields, [{ field: 'user', description: 'x' }]);
    return true;
  });
});

test('what a broken answer has used and cost reaches the client', async () => {
  await assert.rejects(client.complete(ask('broken')), { code: 'midstream', reason: 'TRUNCATED', spent });
  await assert.rejects(client.complete(ask('limited')), { code: 'rate_limited', spent: undefined });
});

test('a bug in a handler is INTERNAL, tells nothing of itself, and the server goes on', async () => {
  await assert.rejects(client.complete(ask('bug')), (error) => {
    assert.ok(error instanceof RefrainError);
    assert.equal(error.code, 'internal');
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  assert.equal((await client.complete(ask('still'))).answer?.text, 'hello still');
});

test('a message that was cut within a character is told, and the server goes on', async () => {
  await assert.rejects(client.complete(ask('cut')), { code: 'not_found', message: 'There is no \ufffd.' });
  assert.equal((await client.complete(ask('still'))).answer?.text, 'hello still');
});

test('an error with more to say than fits into headers says the first of it', async () => {
  await assert.rejects(client.complete(ask('many')), (error) => {
    assert.ok(error instanceof RefrainError);
    assert.deepEqual([error.code, error.message.length, error.fields.length], ['invalid', 501, 20]);
    assert.equal(error.fields[0]?.description.length, 101);
    return true;
  });
});

test('a handler that throws before it promises anything is an error like others', async () => {
  await assert.rejects(client.explain(create(ExplainRequestSchema)), { code: 'invalid', message: 'Not so.' });
});

test('a request above the limit is INVALID_ARGUMENT with the field, not the library’s RESOURCE_EXHAUSTED', async () => {
  await assert.rejects(client.complete(ask('x'.repeat(2000))), (error) => {
    assert.ok(error instanceof RefrainError);
    assert.deepEqual([error.code, error.reason, error.fields[0]?.field], ['invalid', 'REQUEST_TOO_LARGE', 'request']);
    return true;
  });
});

test('a limit that changes holds from the next request on', async (t) => {
  t.after(() => {
    limitBytes = 1000;
  });
  limitBytes = 3000;
  assert.equal((await client.complete(ask('x'.repeat(2000)))).answer?.text.length, 2006);
  limitBytes = 10;
  await assert.rejects(client.complete(ask('x'.repeat(20))), { reason: 'REQUEST_TOO_LARGE' });
});

test('text that is not UTF-8 is INVALID_ARGUMENT', async () => {
  const raw = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const code = await new Promise((resolve) => {
    // chat { model: "\xff\xff" }
    const bytes = Buffer.from([0x0a, 0x04, 0x0a, 0x02, 0xff, 0xff]);
    const identity = (value: Buffer) => value;
    raw.makeUnaryRequest('/refrain.router.v1.RouterService/Complete', identity, identity, bytes, (error) =>
      resolve(error?.code),
    );
  });
  raw.close();
  assert.equal(code, status.INVALID_ARGUMENT);
});

test('metadata and the deadline reach the handler', async () => {
  await client.complete(ask('you'), { timeoutMs: 5000, metadata: { 'x-api-key': 'k' } });
  assert.equal(seen?.header('x-api-key'), 'k');
  assert.ok(seen && seen.remainingMs !== undefined && seen.remainingMs <= 5000 && seen.remainingMs > 0);
});

test('a caller that aborts reaches the handler’s signal and gets `canceled`', async () => {
  const abort = new AbortController();
  const call = client.complete(ask('wait'), { signal: abort.signal });
  setImmediate(() => abort.abort());
  await assert.rejects(call, { code: 'canceled' });
});

test('a client that gives up thousands of calls keeps its connection, and the calls that go on', async () => {
  const patient = client.complete(ask('hold'));
  for (let round = 0; round < 25; round += 1) {
    const leaving = new AbortController();
    const reached = calls + 100;
    const given = Array.from({ length: 100 }, () => client.complete(ask('wait'), { signal: leaving.signal }));
    while (calls < reached) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    for (const each of await Promise.allSettled(given)) assert.equal(each.status, 'rejected');
  }
  letGo();
  assert.equal((await patient).answer?.text, 'hello hold');
});

test('a deadline that passes is `deadline`', async () => {
  await assert.rejects(client.complete(ask('wait'), { timeoutMs: 30 }), { code: 'deadline' });
});

test('a stream arrives in order, also when it is longer than any buffer', async () => {
  let next = 0;
  for await (const message of client.streamComplete(
    create(RouterService.method.streamComplete.input, { chat: { model: '20000' } }),
  )) {
    assert.equal(message.event.case === 'delta' && message.event.value.text, String(next));
    next += 1;
  }
  assert.equal(next, 20_000);
});

test('an error inside a stream reaches the reader with its code', async () => {
  const stream = client.streamComplete(create(RouterService.method.streamComplete.input, { chat: { model: 'cut' } }));
  await assert.rejects(Array.fromAsync(stream), { code: 'midstream' });
});

test('a reader that stops early ends the handler’s generator', async () => {
  const before = released;
  for await (const _ of client.streamComplete(
    create(RouterService.method.streamComplete.input, { chat: { model: '10000000' } }),
  ))
    break;
  while (released === before) await new Promise((resolve) => setImmediate(resolve));
});

test('a server that is not there is told apart from one that was cut off, and without its address, which may come to a caller’s eyes', async () => {
  const health = createGrpcClient(Health, '127.0.0.1:1');
  await assert.rejects(health.check(create(HealthCheckRequestSchema)), {
    code: 'unavailable',
    reason: 'NOT_CONNECTED',
    message: 'A part of the mesh does not answer.',
  });
  health.close();
});

test('health knows the server and its services, and NOT_FOUND for others', async () => {
  const health = createGrpcClient(Health, `127.0.0.1:${server.port}`);
  const check = (name: string) => health.check(create(HealthCheckRequestSchema, { service: name }));
  for (const name of ['', 'refrain.router.v1.RouterService', 'liveness', 'readiness']) {
    assert.equal((await check(name)).status, HealthCheckResponse_ServingStatus.SERVING);
  }
  await assert.rejects(check('nobody'), { code: 'not_found' });
  server.setServing(false);
  assert.equal((await check('')).status, HealthCheckResponse_ServingStatus.NOT_SERVING);
  assert.equal((await check('liveness')).status, HealthCheckResponse_ServingStatus.SERVING);
  server.setServing(true);
  health.close();
});

test('reflection lists the services and gives every file a client needs', async () => {
  const { ServerReflection, ServerReflectionRequestSchema, ServerReflectionResponseSchema } = await import(
    '@refrain/contracts/grpc'
  );
  const { toBinary, fromBinary } = await import('@bufbuild/protobuf');
  const raw = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const reflect = (messageRequest: { case: 'listServices' | 'fileContainingSymbol'; value: string }) =>
    new Promise<ReturnType<typeof fromBinary<typeof ServerReflectionResponseSchema>>>((resolve, reject) => {
      const call = raw.makeBidiStreamRequest(
        `/${ServerReflection.typeName}/ServerReflectionInfo`,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => fromBinary(ServerReflectionResponseSchema, bytes),
        new Metadata(),
      );
      call.on('data', resolve);
      call.on('error', reject);
      call.write(
        Buffer.from(toBinary(ServerReflectionRequestSchema, create(ServerReflectionRequestSchema, { messageRequest }))),
      );
      call.end();
    });
  const list = await reflect({ case: 'listServices', value: '' });
  assert.ok(list.messageResponse.case === 'listServicesResponse');
  const names = list.messageResponse.value.service.map((each) => each.name);
  assert.ok(names.includes('refrain.router.v1.RouterService') && names.includes('grpc.health.v1.Health'));
  const files = await reflect({ case: 'fileContainingSymbol', value: 'refrain.router.v1.RouterService' });
  assert.ok(files.messageResponse.case === 'fileDescriptorResponse');
  // Its own, and the three it imports.
  assert.equal(files.messageResponse.value.fileDescriptorProto.length, 4);
  const details = await reflect({ case: 'fileContainingSymbol', value: 'google.rpc.BadRequest' });
  assert.equal(details.messageResponse.case, 'fileDescriptorResponse', 'details of errors can be read too');
  const unknown = await reflect({ case: 'fileContainingSymbol', value: 'no.Such' });
  assert.equal(unknown.messageResponse.case, 'errorResponse');
  raw.close();
});
