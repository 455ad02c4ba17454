/** What operators and their tools see of a router: gRPC health and reflection, its own port, and starts it refuses. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import {
  Health,
  HealthCheckRequestSchema,
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
  HealthCheckResponse_ServingStatus as Serving,
} from '@refrain/contracts/grpc';
import { createGrpcClient } from '@refrain/rpc';
import { startProcess } from '@refrain/testkit';
import { type Doors, openDoors } from './doors.ts';
import { chatOf } from './question.ts';
import { callRaw } from './raw-grpc.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

describe('a router in operation', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let doors: Doors;
  before(async () => {
    mesh = await startMesh();
    doors = await openDoors(mesh);
  });
  after(async () => {
    await doors?.close();
    await mesh?.stop();
  });
  const ops = (path: string) => fetch((mesh.router.ready.metrics ?? '').replace('/metrics', path));

  it('gRPC health knows the server, its service and the two names of probes, and no other', async () => {
    const client = createGrpcClient(Health, mesh.router.ready.grpc ?? '');
    try {
      for (const service of ['', 'liveness', 'readiness', 'refrain.router.v1.RouterService']) {
        const { status } = await client.check(create(HealthCheckRequestSchema, { service }));
        assert.equal(status, Serving.SERVING, service);
      }
      const stranger = client.check(create(HealthCheckRequestSchema, { service: 'stranger' }));
      await assert.rejects(stranger, { code: 'not_found' });
    } finally {
      client.close();
    }
  });

  it('gRPC reflection lists the services and describes them with all they stand on', async () => {
    const reflect = async (messageRequest: ServerReflectionRequest['messageRequest']) => {
      const request = create(ServerReflectionRequestSchema, { messageRequest });
      const path = `${ServerReflection.typeName}/ServerReflectionInfo`;
      const bytes = toBinary(ServerReflectionRequestSchema, request);
      const { messages, status } = await callRaw(mesh.router.ready.grpc ?? '', path, bytes);
      assert.equal(status, 0);
      assert.equal(messages.length, 1);
      return fromBinary(ServerReflectionResponseSchema, messages[0] ?? new Uint8Array()).messageResponse;
    };
    const listed = await reflect({ case: 'listServices', value: '' });
    assert.ok(listed.case === 'listServicesResponse');
    assert.deepEqual(listed.value.service.map(({ name }) => name).sort(), [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'refrain.router.v1.RouterService',
    ]);
    const found = await reflect({ case: 'fileContainingSymbol', value: 'refrain.router.v1.RouterService' });
    assert.ok(found.case === 'fileDescriptorResponse');
    const files = found.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    const names = new Set(files.map(({ name }) => name));
    assert.ok(files.some(({ service }) => service.some(({ name }) => name === 'RouterService')));
    for (const { dependency } of files) for (const name of dependency) assert.ok(names.has(name), name);
  });

  it('its own port says that it lives, that it can work and with which parts', async () => {
    assert.equal((await ops('/healthz')).status, 200);
    const ready = await ops('/readyz');
    assert.equal(ready.status, 200);
    assert.deepEqual(await ready.json(), { ok: true, parts: { cache: 'up', redis: 'up', nats: 'up' } });
  });

  it('every request is counted by its door, source and code, with its tokens and its cost', async () => {
    mesh.one.script({ usage: { prompt: 10, completion: 5 } });
    for (const name of ['grpc', 'http', 'nats json'] as const) await doors.by[name](chatOf('What is counted?'));
    const metrics = await (await ops('/metrics')).text();
    const value = (name: string, labels: Record<string, string>) => {
      const has = (line: string) => Object.entries(labels).every(([key, text]) => line.includes(`${key}="${text}"`));
      const line = metrics.split('\n').find((each) => each.startsWith(`${name}{`) && has(each));
      return Number(line?.split(' ').at(-1));
    };
    assert.equal(value('refrain_requests_total', { face: 'grpc', source: 'provider', code: 'ok' }), 1);
    const rest = ['http', 'nats'].flatMap((face) =>
      ['exact', 'coalesced'].map((source) => value('refrain_requests_total', { face, source, code: 'ok' }) || 0),
    );
    assert.equal(
      rest.reduce((sum, each) => sum + each, 0),
      2,
    );
    const one = { provider: 'one', model: 'large' };
    assert.equal(value('refrain_tokens_total', { ...one, type: 'prompt' }), 10);
    assert.equal(value('refrain_tokens_total', { ...one, type: 'completion' }), 5);
    assert.equal(value('refrain_cost_nano_usd_total', one), 20_000);
    assert.equal(value('refrain_request_first_seconds_count', { source: 'provider' }), 1);
    assert.equal(value('refrain_request_seconds_count', { source: 'provider' }), 1);
    assert.doesNotMatch(metrics, /counted\?/);
  });

  it('what is no question at all is counted once by its door', async () => {
    const metrics = async () => (await ops('/metrics')).text();
    const count = (text: string, face: string, code: string) =>
      Number(
        new RegExp(`refrain_requests_total\\{face="${face}",source="none",code="${code}",.*\\} (\\d+)\\n`).exec(
          text,
        )?.[1] ?? 0,
      );
    const before = await metrics();
    const headers = { 'content-type': 'application/json' };
    const sent = await fetch(`${mesh.http}/v1/chat/completions`, { method: 'POST', headers, body: '{"messages":' });
    assert.equal(sent.status, 400);
    assert.equal((await fetch(`${mesh.http}/v1/embeddings`)).status, 404);
    assert.equal((await fetch(`${mesh.http}/v1/models`, { method: 'DELETE' })).status, 405);
    const reply = await doors.bus.request('refrain.v1.complete.local', Buffer.from('{"chat":'), { timeoutMs: 5000 });
    assert.equal(reply.header('Nats-Service-Error-Code'), '400');
    const router = 'refrain.router.v1.RouterService';
    for (const [method, message] of [
      ['Complete', Buffer.from('no protobuf')],
      ['StreamComplete', Buffer.from('no protobuf')],
      ['Complete', Buffer.alloc(2_000_000)],
    ] as const)
      assert.equal((await callRaw(mesh.router.ready.grpc ?? '', `${router}/${method}`, message)).status, 3);
    const after = await metrics();
    const counted = (face: string, code: string) => count(after, face, code) - count(before, face, code);
    assert.deepEqual(
      ['invalid', 'not_found', 'unsupported'].map((code) => counted('http', code)),
      [1, 1, 1],
    );
    assert.deepEqual([counted('nats', 'invalid'), counted('grpc', 'invalid')], [1, 3]);
  });

  it('it refuses to listen where strangers reach it while nobody needs a key, and says what to do', async () => {
    const env = { REFRAIN_CONFIG: mesh.configFile, NATS_URL: mesh.nats.url, ROUTER_HOST: '0.0.0.0' };
    await assert.rejects(startProcess({ entry: 'services/router/src/main.ts', env }), {
      message: /ROUTER_HOST.*refuses to listen on 0\.0\.0\.0 without callers' keys.*refrain -- key/s,
    });
  });

  it('it refuses an environment and a refrain.yaml that make no sense, with every fault', async () => {
    const entry = 'services/router/src/main.ts';
    await assert.rejects(startProcess({ entry, env: { ROUTER_GRPC_PORT: 'no', ROUTER_HTTP_PORT: '-1' } }), {
      message: /ROUTER_GRPC_PORT[\s\S]*ROUTER_HTTP_PORT/,
    });
    await assert.rejects(startProcess({ entry, env: { REFRAIN_CONFIG: '/nowhere/refrain.yaml' } }), {
      message: /\/nowhere\/refrain\.yaml.*cannot be read/,
    });
  });
});
