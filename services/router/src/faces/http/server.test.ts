import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { eventually } from '@refrain/testkit';
import { key, openHttpDoor, post, postHead, slowKey } from '../../../test/http-door.ts';
import { answerOf } from '../../../test/question.ts';

const bodyOf = (reply: string) => JSON.parse(reply.slice(reply.indexOf('\r\n\r\n') + 4));
const authorized = { authorization: `Bearer ${key}` };

test('who has no key hears so before a byte of the body is sent, however long it is to be', async (t) => {
  const door = await openHttpDoor(t);
  for (const length of [10, 500_000, 10_000_000_000]) {
    const { gets } = await door.open(postHead({ 'content-length': length }));
    const reply = await gets(/api_key_missing/);
    assert.match(reply, /^HTTP\/1\.1 401 .*\r\nwww-authenticate: Bearer\r\n/s);
  }
  const { gets } = await door.open(postHead({ 'transfer-encoding': 'chunked', authorization: 'Bearer nonsense' }));
  assert.equal(bodyOf(await gets(/"code":.*\}/)).error.code, 'invalid_api_key');
  assert.deepEqual(
    door.refused,
    Array.from({ length: 4 }, () => 'unauthenticated'),
  );
});

test('an endless body of a stranger is refused, thrown away for a while and cut off', async (t) => {
  const door = await openHttpDoor(t);
  const { socket, closed, got } = await door.open(postHead({ 'transfer-encoding': 'chunked' }));
  const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000, 'x'), Buffer.from('\r\n')]);
  let pieces = 0;
  while (socket.writable && pieces < 10_000) {
    pieces += 1;
    if (!socket.write(piece)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
  }
  await closed;
  assert.match(got(), /^HTTP\/1\.1 401 .*\r\nconnection: close\r\n/is);
  assert.ok(pieces < 100, `${pieces} MiB were taken`);
});

test('a connection whose request was refused answers the next one, and its own body is not taken for that', async (t) => {
  const door = await openHttpDoor(t);
  const body = post('Is this asked?').repeat(1000);
  const { socket, gets, got } = await door.open(postHead({ 'content-length': Buffer.byteLength(body) }));
  await gets(/api_key_missing/);
  socket.write(body);
  socket.write(post('Am I let in?'));
  assert.match(await gets(/Hello\./), /^HTTP\/1\.1 401 .*HTTP\/1\.1 200 /s);
  assert.equal(got().match(/HTTP\/1\.1/g)?.length, 2);
  assert.equal(door.asked.length, 1);
});

test('who waits to be told to send is told when it is let in, and not before', async (t) => {
  const door = await openHttpDoor(t);
  const expecting = { expect: '100-continue' };
  const stranger = await door.open(postHead({ ...expecting, 'content-length': 100 }));
  assert.match(await stranger.gets(/api_key_missing/), /^HTTP\/1\.1 401 /);
  const tooMuch = await door.open(postHead({ ...authorized, ...expecting, 'content-length': 2_000_000 }));
  assert.match(await tooMuch.gets(/request_too_large/), /^HTTP\/1\.1 413 .*\r\nconnection: close/is);

  const [head = '', body = ''] = post('May I?', expecting).split('\r\n\r\n');
  const { gets, socket } = await door.open(`${head}\r\n\r\n`);
  assert.match(await gets(/\r\n\r\n/), /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  socket.write(body);
  assert.match(await gets(/Hello\./), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  const other = await door.open(postHead({ ...authorized, expect: 'miracles', 'content-length': 2 }));
  assert.match(await other.gets(/expectation_failed/), /^HTTP\/1\.1 417 /);
});

test('beyond its rate a caller hears so before its question is read', async (t) => {
  const door = await openHttpDoor(t);
  const slow = { authorization: `Bearer ${slowKey}` };
  const wire = await door.open(post('1', slow) + post('2', slow) + post('3', slow));
  await wire.gets(/(?:Hello\..*){3}/s);
  const { gets } = await door.open(postHead({ ...slow, 'content-length': 100 }));
  assert.match(await gets(/rate_limited/), /^HTTP\/1\.1 429 .*\r\nretry-after: \d+\r\n/s);
  assert.deepEqual([door.asked.length, door.refused], [3, ['rate_limited']]);
});

test('a body that is too long is refused by what it says of itself, or as soon as it is', async (t) => {
  const door = await openHttpDoor(t);
  const declared = await door.open(postHead({ ...authorized, 'content-length': 1024 * 1024 + 1 }));
  const said = bodyOf(await declared.gets(/"code":.*\}/)).error;
  assert.deepEqual([said.code, said.param, said.type], ['request_too_large', 'body', 'invalid_request_error']);
  const { socket, gets, closed } = await door.open(postHead({ ...authorized, 'transfer-encoding': 'chunked' }));
  socket.write(`200000\r\n${'x'.repeat(0x200000)}\r\n0\r\n\r\n`);
  assert.match(await gets(/request_too_large/), /^HTTP\/1\.1 413 /);
  await closed;
});

test('requests that come at once are answered in their order', async (t) => {
  const door = await openHttpDoor(t, ({ chat }) => {
    const content = chat?.messages[0]?.parts[0]?.content;
    const text = content?.case === 'text' ? content.value : '';
    return {
      ...{ requestId: 'r', provenance: answerOf('').provenance ?? assert.fail() },
      events: async function* () {
        // The first takes longer than the second.
        if (text === 'one') for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
        yield { kind: 'completed' as const, answer: answerOf(`To ${text}.`) };
      },
    };
  });
  const { gets } = await door.open(post('one') + post('two'));
  await gets(/To one\..*To two\./s);
});

for (const [what, before] of [
  ['', ''],
  [', behind another request', post('What else?')],
] as const)
  test(`bytes that are no request, amid a streamed answer${what}, end the connection and are no part of it`, async (t) => {
    let goOn = () => {};
    const door = await openHttpDoor(t, () => ({
      ...{ requestId: 'r', provenance: answerOf('').provenance ?? assert.fail() },
      events: async function* () {
        yield { kind: 'delta' as const, delta: { text: 'Once', toolCalls: [] } as never };
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
      },
    }));
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'Tell me.' }], stream: true });
    const { socket, gets, closed } = await door.open(
      postHead({ ...authorized, 'content-length': Buffer.byteLength(body) }) + body,
    );
    await gets(/Once/);
    socket.write(`${before}more than the length said\r\n\r\n`);
    assert.equal((await closed).match(/HTTP\/1\.1/g)?.length, 1);
    assert.ok(door.asked[0]?.signal.aborted);
    goOn();
  });

test('a body of a refused request whose framing breaks ends the connection without another answer', async (t) => {
  const door = await openHttpDoor(t);
  const { socket, gets, closed } = await door.open(postHead({ 'transfer-encoding': 'chunked' }));
  await gets(/api_key_missing/);
  socket.write('ZZ\r\n');
  assert.equal((await closed).match(/HTTP\/1\.1/g)?.length, 1);
  assert.deepEqual(door.refused, ['unauthenticated']);
});

test('a body whose framing breaks is 400, is counted once, and asks nothing', async (t) => {
  const door = await openHttpDoor(t);
  const { closed } = await door.open(
    `${postHead({ ...authorized, 'transfer-encoding': 'chunked' })}5\r\nhello\r\nZZ\r\n`,
  );
  const reply = await closed;
  assert.match(reply, /^HTTP\/1\.1 400 /);
  assert.equal(bodyOf(reply).error.code, 'invalid_http');
  await eventually(() => door.refused.length > 0, { what: 'the refusal to be counted' });
  assert.deepEqual([door.asked.length, door.refused], [0, ['canceled']]);
});

test('who leaves amid its body is one that left', async (t) => {
  const door = await openHttpDoor(t);
  const { socket, closed } = await door.open(`${postHead({ ...authorized, 'content-length': 100 })}{"mess`);
  await once(socket, 'connect');
  socket.end();
  assert.doesNotMatch(await closed, /HTTP\/1\.1 [25]/);
  assert.equal(door.asked.length, 0);
});

test('what is no HTTP, and HTTP without a host, is refused in words that clients read, and counted', async (t) => {
  const door = await openHttpDoor(t);
  for (const text of [
    'HELLO\r\n\r\n',
    'GET /v1/models HTTP/1.1\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n',
  ]) {
    const { gets } = await door.open(text);
    const reply = await gets(/"code":.*\}/);
    assert.match(reply, /^HTTP\/1\.1 400 /);
    assert.equal(bodyOf(reply).error.code, 'invalid_http');
  }
  assert.deepEqual(door.refused, ['invalid', 'invalid', 'invalid']);
});

for (const [method, path, status, allow] of [
  ['GET', '/v1/chat/completions', 405, 'POST, OPTIONS'],
  ['DELETE', '/v1/refrain/feedback', 405, 'POST, OPTIONS'],
  ['PUT', '/v1/refrain/explain?x=1', 405, 'POST, OPTIONS'],
  ['POST', '/v1/models', 405, 'GET, HEAD, OPTIONS'],
  ['DELETE', '/v1/models/one/large', 405, 'GET, HEAD, OPTIONS'],
  ['PATCH', '/v1/refrain/jobs/1', 405, 'GET, HEAD, OPTIONS'],
  ['OPTIONS', '/v1/models', 204, 'GET, HEAD, OPTIONS'],
  ['OPTIONS', '/v1/chat/completions', 204, 'POST, OPTIONS'],
  ['GET', '/v1/models/', 404, null],
  ['POST', '/v1/embeddings', 404, null],
  ['OPTIONS', '/nowhere', 404, null],
] as const)
  test(`${method} ${path} is ${status}, with the methods that are there: ${allow ?? 'none'}`, async (t) => {
    const door = await openHttpDoor(t);
    const response = await fetch(door.url + path, { method, headers: authorized });
    assert.deepEqual([response.status, response.headers.get('allow')], [status, allow]);
    const text = await response.text();
    if (status === 204) return assert.deepEqual([text, door.refused], ['', []]);
    const { error } = JSON.parse(text);
    assert.deepEqual(
      [error.type, error.param, error.code],
      ['invalid_request_error', null, status === 405 ? 'method_not_allowed' : 'unknown_url'],
    );
    assert.deepEqual(door.refused, [status === 405 ? 'unsupported' : 'not_found']);
  });

test('a path that lacks /v1 is told how it is called, another one what there is', async (t) => {
  const door = await openHttpDoor(t);
  const told = async (path: string) => {
    const response = await fetch(door.url + path, { method: 'POST', headers: authorized });
    return ((await response.json()) as { error: { message: string } }).error.message;
  };
  assert.equal(
    await told('/chat/completions'),
    'There is no POST /chat/completions. It is /v1/chat/completions: does base_url end in /v1?',
  );
  assert.match(await told('/v1/embeddings'), /^There is no POST \/v1\/embeddings\. There is \/v1\/chat\/completions, /);
  assert.match(await told('/v1/responses'), /^There is no POST \/v1\/responses\. There is \/v1\/chat\/completions, /);
});

test('HEAD is answered as GET would be, but for the body', async (t) => {
  const door = await openHttpDoor(t);
  for (const [path, status] of [
    ['/v1/models', 200],
    ['/v1/models/one/large', 200],
    ['/v1/models/gpt-99', 404],
  ] as const) {
    const [head, get] = await Promise.all(
      ['HEAD', 'GET'].map((method) => fetch(door.url + path, { method, headers: authorized })),
    );
    assert.deepEqual([head?.status, get?.status], [status, status]);
    assert.equal(await head?.text(), '');
    assert.equal(head?.headers.get('content-length'), `${Buffer.byteLength((await get?.text()) ?? '')}`);
  }
  assert.equal((await fetch(`${door.url}/v1/models`, { method: 'HEAD' })).status, 401);
});

test('the whole URL as a target is what a proxy sends, and means its path', async (t) => {
  const door = await openHttpDoor(t);
  const { gets } = await door.open(
    `GET http://router:7461/v1/models?x=1 HTTP/1.1\r\nhost: router\r\nauthorization: Bearer ${key}\r\n\r\n`,
  );
  assert.match(await gets(/"object":"list"/), /^HTTP\/1\.1 200 /);
});

const asks = JSON.stringify({ messages: [{ role: 'user', content: 'Hi.' }] });
for (const [name, value, param] of [
  ['content-type', 'text/plain;charset=UTF-8', 'content-type'],
  ['content-type', 'application/x-www-form-urlencoded', 'content-type'],
  ['content-type', 'multipart/form-data; boundary=x', 'content-type'],
  ['content-type', 'application/jsonp', 'content-type'],
  ['content-type', 'application/json; charset=utf-16', 'content-type'],
  ['content-encoding', 'gzip', 'content-encoding'],
  ['content-encoding', 'br, identity', 'content-encoding'],
] as const)
  test(`a body with ${name}: ${value} is 415, by the name of the header`, async (t) => {
    const door = await openHttpDoor(t);
    const headers = { ...authorized, 'content-type': 'application/json', [name]: value };
    const response = await fetch(`${door.url}/v1/chat/completions`, { method: 'POST', headers, body: asks });
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    assert.deepEqual([response.status, error.code, error.param], [415, 'unsupported_media_type', param]);
    assert.equal(response.headers.get('accept-encoding'), name === 'content-encoding' ? 'identity' : null);
    assert.deepEqual([door.asked.length, door.refused], [0, ['unsupported']]);
  });

test('a body in a transfer coding of another kind is not taken for what it holds', async (t) => {
  const door = await openHttpDoor(t);
  const { gets } = await door.open(`${postHead({ ...authorized, 'transfer-encoding': 'gzip, chunked' })}0\r\n\r\n`);
  assert.match(await gets(/"param":"transfer-encoding"/), /^HTTP\/1\.1 415 /);
});

for (const value of ['application/json', 'Application/JSON ; Charset="UTF-8"', 'application/vnd.api+json', undefined])
  test(`a body of type ${value ?? 'not told'} is JSON`, async (t) => {
    const door = await openHttpDoor(t);
    const head =
      value === undefined ? post('Hi.').replace(/content-type: .*\r\n/, '') : post('Hi.', { 'content-type': value });
    const { gets } = await door.open(head);
    assert.match(await gets(/Hello\./), /^HTTP\/1\.1 200 /);
    assert.equal(door.asked[0]?.admitted?.user, 'ann');
  });
