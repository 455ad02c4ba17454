import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { RouterService, StreamCompleteRequestSchema, StreamCompleteResponseSchema } from '@refrain/contracts';
import { createGrpcClient } from './client.ts';
import { service } from './handlers.ts';
import { startGrpcServer } from './server.ts';

test('a caller that takes nothing is let go: what is made for it ends, others are answered, and it hears so when it reads on', async (t) => {
  const released = Promise.withResolvers<number>();
  const observed: string[] = [];
  const unused = async () => Promise.reject(new Error('not part of this test'));
  const delta = { case: 'delta' as const, value: { text: 'x'.repeat(100_000) } };
  const server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    stalledMs: 200,
    observe: (_method, code) => observed.push(code),
    services: [
      service(RouterService, {
        complete: unused,
        explain: unused,
        feedback: unused,
        streamComplete: async function* (request) {
          if (request.chat?.model === 'short') {
            yield create(StreamCompleteResponseSchema, { event: delta });
            return;
          }
          let said = 0;
          try {
            for (;;) {
              said += 1;
              yield create(StreamCompleteResponseSchema, { event: delta });
            }
          } finally {
            released.resolve(said);
          }
        },
      }),
    ],
  });
  const client = createGrpcClient(RouterService, `127.0.0.1:${server.port}`);
  t.after(async () => {
    client.close();
    await server.drain(0);
  });
  const ask = (model: string) => client.streamComplete(create(StreamCompleteRequestSchema, { chat: { model } }));
  const idle = ask('endless')[Symbol.asyncIterator]();
  await idle.next();
  assert.ok((await released.promise) < 1000, 'it was not filled with what nobody takes');
  assert.equal((await Array.fromAsync(ask('short'))).length, 1);
  assert.deepEqual(observed, ['deadline', 'ok']);
  const readOn = async () => {
    while (!(await idle.next()).done);
  };
  await assert.rejects(readOn(), { code: 'deadline' });
});
