/** Who asks: keys name tenant, user and tier; tenants never meet; a tier's rate is kept. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { CompleteRequestSchema, completeSubject, FeedbackRequestSchema, Source, Verdict } from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import { askNats, type Doors, openDoors } from './doors.ts';
import { chatOf } from './question.ts';
import { callRaw } from './raw-grpc.ts';
import { exactOnly, startMesh, type TestMesh } from './start-mesh.ts';

const key = (secret: string, who: string) => `{ hash: "sha256:${hash('sha256', secret, 'hex')}", ${who} }`;
const keys = `keys:
  - ${key('key-of-ann', 'tenant: acme, user: ann, tier: pro')}
  - ${key('key-of-bob', 'tenant: globex, user: bob, tier: basic')}
  - ${key('key-of-eve', 'tenant: initech, user: eve, tier: free')}
  - ${key('key-of-ida', 'tenant: initech, user: ida, tier: free')}
`;

describe('a mesh with keys', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let doors: Doors;
  before(async () => {
    mesh = await startMesh({ extra: exactOnly + keys });
    doors = await openDoors(mesh);
  });
  after(async () => {
    await doors?.close();
    await mesh?.stop();
  });

  const post = (headers: Record<string, string>, question = 'Who is asking?') =>
    fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ messages: [{ role: 'user', content: question }] }),
    });
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
  const grpc = async (secret: string, question: string) => {
    const request = create(CompleteRequestSchema, { chat: chatOf(question) });
    const { answer } = await mesh.client.complete(request, { metadata: { 'x-api-key': secret } });
    return answer;
  };
  const nats = async (client: string, headers: Record<string, string> = {}, question = 'Who is asking?') => {
    const data = toBinary(CompleteRequestSchema, create(CompleteRequestSchema, { chat: chatOf(question) }));
    const sent = { 'content-type': 'application/protobuf', ...headers };
    for await (const reply of askNats(doors.bus, completeSubject(client), data, sent))
      return { code: reply.header('Nats-Service-Error-Code') ?? 'ok', data: reply.data };
    throw new Error('no reply');
  };

  it('HTTP: no key and an unknown key are 401, either header is read', async () => {
    for (const [headers, code] of [
      [{}, 'api_key_missing'],
      [bearer('nonsense'), 'invalid_api_key'],
      [{ 'x-api-key': 'nonsense' }, 'invalid_api_key'],
      [{ authorization: 'Basic a2V5LW9mLWFubg==' }, 'api_key_missing'],
    ] as const) {
      const response = await post(headers);
      const { error } = (await response.json()) as { error: { type: string; code: string } };
      assert.deepEqual([response.status, error.type, error.code], [401, 'authentication_error', code]);
    }
    for (const headers of [bearer('key-of-ann'), { 'x-api-key': 'key-of-ann' }])
      assert.equal((await post(headers)).status, 200);
  });

  it('a key is who asks, from whatever page', async () => {
    const response = await post({ ...bearer('key-of-ann'), origin: 'https://app.example' });
    assert.equal(response.status, 200);
    const { id } = (await response.json()) as { id: string };
    assert.equal(id, `chatcmpl-${response.headers.get('x-request-id')}`);
  });

  it('every path needs a key', async () => {
    assert.equal((await fetch(`${mesh.http}/v1/models`)).status, 401);
    assert.equal((await fetch(`${mesh.http}/v1/models/auto`)).status, 401);
    const body = '{"messages":[{"role":"user","content":"Hi."}]}';
    assert.equal(
      (
        await fetch(`${mesh.http}/v1/refrain/explain`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
      ).status,
      401,
    );
    const feedback = '{"entryId":"e","verdict":"VERDICT_WRONG"}';
    assert.equal(
      (
        await fetch(`${mesh.http}/v1/refrain/feedback`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: feedback,
        })
      ).status,
      401,
    );
  });

  it('gRPC: no key and an unknown key are UNAUTHENTICATED with the reason, on every method', async () => {
    const address = mesh.router.ready.grpc ?? '';
    const message = toBinary(CompleteRequestSchema, create(CompleteRequestSchema, { chat: chatOf('Who is asking?') }));
    for (const method of ['Complete', 'StreamComplete', 'Explain', 'Feedback']) {
      const call = (headers: Record<string, string>) =>
        callRaw(
          address,
          `refrain.router.v1.RouterService/${method}`,
          method === 'Feedback' ? new Uint8Array() : message,
          headers,
        );
      const missing = await call({});
      assert.deepEqual([missing.status, missing.reason], [16, 'API_KEY_MISSING'], method);
      const unknown = await call(bearer('nonsense'));
      assert.deepEqual([unknown.status, unknown.reason], [16, 'INVALID_API_KEY'], method);
    }
    assert.ok((await grpc('key-of-ann', 'Who is asking?'))?.text);
  });

  it('NATS: the subject names the tenant; a stranger, and a key of another tenant, are denied', async () => {
    assert.equal((await nats('acme')).code, 'ok');
    assert.equal((await nats('local')).code, '403');
    assert.equal((await nats('stranger')).code, '403');
    assert.equal((await nats('acme', { 'x-api-key': 'key-of-ann' })).code, 'ok');
    assert.equal((await nats('globex', { 'x-api-key': 'key-of-ann' })).code, '403');
    assert.equal((await nats('acme', bearer('nonsense'))).code, '401');
  });

  it('tenants never meet: not in the cache, not in a flight, not by feedback', async () => {
    const question = 'What is our secret?';
    mesh.one.script({ text: 'The secret of acme.' });
    await grpc('key-of-ann', question);
    const known = async () => (await grpc('key-of-ann', question))?.provenance?.source === Source.EXACT;
    await eventually(known, { what: 'the answer to be kept' });
    mesh.one.script({ text: 'The secret of globex.' });
    const other = await grpc('key-of-bob', question);
    assert.deepEqual([other?.text, other?.provenance?.source], ['The secret of globex.', Source.PROVIDER]);
    // By NATS the same: the subject is the tenant.
    const { data } = await nats('acme', {}, question);
    assert.ok(Buffer.from(data).includes('The secret of acme.'));

    const { provenance } = (await grpc('key-of-ann', question)) ?? {};
    const judge = create(FeedbackRequestSchema, { entryId: provenance?.entryId ?? '', verdict: Verdict.WRONG });
    const { removed } = await mesh.client.feedback(judge, { metadata: { 'x-api-key': 'key-of-bob' } });
    assert.equal(removed, 0);
    assert.ok(await known());

    const asked = mesh.one.count;
    mesh.one.script({ paceMs: 50 }, { paceMs: 50 });
    const sources = await Promise.all(
      ['key-of-ann', 'key-of-bob'].map(
        async (secret) => (await grpc(secret, 'What do we both ask?'))?.provenance?.source,
      ),
    );
    assert.deepEqual([sources, mesh.one.count - asked], [[Source.PROVIDER, Source.PROVIDER], 2]);
  });

  it('beyond its rate a user hears when to come back, by every door; another of the same tenant does not', async () => {
    for (let i = 0; i < 3; i += 1) assert.equal((await post(bearer('key-of-eve'))).status, 200);
    const refused = await post(bearer('key-of-eve'));
    const { error } = (await refused.json()) as { error: { type: string; code: string } };
    assert.deepEqual([refused.status, error.type, error.code], [429, 'rate_limit_error', 'rate_limited']);
    const seconds = Number(refused.headers.get('retry-after'));
    const milliseconds = Number(refused.headers.get('retry-after-ms'));
    assert.ok(seconds >= 1 && seconds <= 20, `${seconds} s`);
    assert.equal(seconds, Math.ceil(milliseconds / 1000));

    const message = toBinary(CompleteRequestSchema, create(CompleteRequestSchema, { chat: chatOf('Who is asking?') }));
    const call = await callRaw(
      mesh.router.ready.grpc ?? '',
      'refrain.router.v1.RouterService/Complete',
      message,
      bearer('key-of-eve'),
    );
    assert.deepEqual([call.status, call.reason, call.quotas], [8, 'RATE_LIMITED', 1]);
    assert.ok((call.retryAfterMs ?? 0) > 1000 && (call.retryAfterMs ?? 0) <= 20_000, `${call.retryAfterMs} ms`);
    assert.equal((await nats('initech', bearer('key-of-eve'))).code, '429');
    assert.equal((await post(bearer('key-of-ida'))).status, 200);
  });

  it('keys are never written to a log', () => {
    for (const { output } of [mesh.router, mesh.workers, mesh.cache]) assert.doesNotMatch(output(), /key-of-/);
  });
});
