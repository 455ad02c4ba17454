/** Whatever is sent to a door, the answer has the documented shape, nothing breaks, and the next question is answered. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { after, afterEach, before, describe, it } from 'node:test';
import { createRegistry, fromBinary, fromJsonString } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { BadRequestSchema, completeSubject, ErrorInfoSchema, StatusSchema } from '@refrain/contracts';
import { badGrpc } from './bad-input/grpc.ts';
import { badHttp } from './bad-input/http.ts';
import { badNats } from './bad-input/nats.ts';
import { askNats, type Doors, openDoors } from './doors.ts';
import { faultsOf } from './log-faults.ts';
import { chatOf } from './question.ts';
import { callRaw } from './raw-grpc.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

const registry = createRegistry(BadRequestSchema, ErrorInfoSchema);

describe('bad input', { timeout: 180_000 }, () => {
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
  afterEach(async () => {
    for (const name of ['grpc', 'http', 'nats json'] as const) {
      const { text } = await doors.by[name](chatOf('Are you still there?'));
      assert.equal(text, 'Hello from the upstream.', name);
    }
    assert.deepEqual(faultsOf(mesh.router), []);
    assert.doesNotMatch(mesh.router.output(), /request (?:answered|failed)/, 'no line for a question unless asked for');
  });

  for (const { what, method = 'POST', path = '/v1/chat/completions', headers = {}, body, ...expected } of badHttp) {
    it(`HTTP, ${what}: ${expected.status} ${expected.code}`, async () => {
      const response = await fetch(mesh.http + path, {
        method,
        headers: { 'content-type': 'application/json', 'x-request-id': 'mine-7', ...headers },
        ...(body !== undefined && { body }),
      });
      const { error, ...rest } = (await response.json()) as { error: Record<string, unknown> };
      assert.deepEqual(rest, {});
      assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
      assert.deepEqual([response.status, error.code], [expected.status, expected.code]);
      assert.equal(error.type, 'invalid_request_error');
      if (expected.param !== undefined) assert.equal(error.param, expected.param);
      assert.ok(typeof error.message === 'string' && error.message.length < 1000);
      assert.equal(response.headers.get('x-request-id'), 'mine-7');
      assert.match(response.headers.get('x-refrain-request-id') ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    });
  }

  it('HTTP, a page of another site on this machine asks nothing, whatever it asks for', async () => {
    const headers = { origin: 'https://elsewhere.example', 'content-type': 'text/plain' };
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'Whose money is this?' }] });
    const before = mesh.one.calls.length;
    for (const [path, init] of [
      ['/v1/chat/completions', { method: 'POST', body }],
      ['/v1/models', {}],
      ['/v1/chat/completions', { method: 'OPTIONS' }],
    ] as const) {
      const response = await fetch(mesh.http + path, { headers, ...init });
      const { error } = (await response.json()) as { error: { code: string } };
      assert.deepEqual([response.status, error.code], [403, 'foreign_page']);
    }
    assert.equal(mesh.one.calls.length, before);
    const own = await fetch(`${mesh.http}/v1/models`, { headers: { origin: 'http://localhost:5173' } });
    assert.equal(own.status, 200);
  });

  for (const [what, bytes, status] of [
    ['what is no HTTP', 'HELLO\r\n\r\n', 400],
    ['a header that cannot be', 'GET / HTTP/1.1\r\nno colon\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
  ] as const) {
    it(`HTTP, ${what}: ${status} invalid_http`, async () => {
      const socket = connect(Number(new URL(mesh.http).port), '127.0.0.1');
      socket.write(bytes);
      const [head = '', body = ''] = (await readText(socket)).split('\r\n\r\n');
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(JSON.parse(body).error.code, 'invalid_http');
    });
  }

  for (const { what, method, message, status, reason, fields } of badGrpc) {
    it(`gRPC, ${what}: status ${status}`, async () => {
      const path = method.startsWith('/') ? method.slice(1) : `refrain.router.v1.RouterService/${method}`;
      const ended = await callRaw(mesh.router.ready.grpc ?? '', path, message);
      assert.equal(ended.status, status);
      assert.ok(ended.message !== '' && ended.message.length < 1000);
      if (reason !== undefined) assert.equal(ended.reason, reason);
      if (fields) assert.deepEqual(ended.fields, fields);
    });
  }

  for (const { what, client = 'local', data, encoding, headers = {}, http, reason, fields } of badNats) {
    it(`NATS, ${what}: ${http} ${reason}`, async () => {
      const sent = { 'content-type': `application/${encoding}`, ...headers };
      for await (const reply of askNats(doors.bus, completeSubject(client), data, sent)) {
        assert.equal(reply.header('Nats-Service-Error-Code'), String(http));
        assert.equal(reply.header('content-type'), `application/${encoding}`);
        const status =
          encoding === 'json'
            ? fromJsonString(StatusSchema, Buffer.from(reply.data).toString(), { registry })
            : fromBinary(StatusSchema, reply.data);
        assert.equal(reply.header('Nats-Service-Error'), status.message.replace('\n', ' '));
        const details = status.details.map((each) => anyUnpack(each, registry));
        const info = details.find((each) => each?.$typeName === ErrorInfoSchema.typeName);
        const bad = details.find((each) => each?.$typeName === BadRequestSchema.typeName);
        assert.equal(info && 'reason' in info && info.reason, reason);
        const violations = bad && 'fieldViolations' in bad ? (bad.fieldViolations as { field: string }[]) : [];
        assert.deepEqual(
          violations.map(({ field }) => field),
          fields,
        );
        return;
      }
    });
  }

  it('NUL characters and every other sign are words like others, by every door', async () => {
    const text = 'a\u0000b \u202e \ufeff 😀 \u0007?';
    for (const [name, door] of Object.entries(doors.by)) {
      mesh.one.script({ text });
      assert.equal((await door(chatOf(`${text} ${name}`))).text, text, name);
    }
  });
});
