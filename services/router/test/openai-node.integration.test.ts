/** OpenAI's own client for Node, unchanged but for its base URL. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { eventually } from '@refrain/testkit';
import OpenAI from 'openai';
import { exactOnly, startMesh, type TestMesh } from './start-mesh.ts';

const keyOf = (secret: string, who: string) => `{ hash: "sha256:${hash('sha256', secret, 'hex')}", ${who} }`;
const extra = `keys:
  - ${keyOf('key-of-ann', 'tenant: acme, user: ann, tier: pro')}
  - ${keyOf('key-of-eve', 'tenant: acme, user: eve, tier: free')}
`;
const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather of a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];
const call = { id: 'call_1', name: 'get_weather', arguments: { city: 'Oslo' } };

describe("OpenAI's client for Node", { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let client: OpenAI;
  const open = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${mesh.http}/v1`, maxRetries: 0 });
  const asking = (content: string) => ({ model: 'auto', messages: [{ role: 'user' as const, content }] });

  before(async () => {
    mesh = await startMesh({ extra: exactOnly + extra });
    client = open('key-of-ann');
  });
  after(() => mesh?.stop());

  it('gets an answer, and its headers say where it came from', async () => {
    mesh.one.script({ text: 'Paris.', usage: { prompt: 10, completion: 5 } });
    const { data, response, request_id } = await client.chat.completions
      .create(asking('What is in France?'))
      .withResponse();
    assert.equal(data.choices[0]?.message.content, 'Paris.');
    assert.deepEqual([data.model, data.usage?.total_tokens, data.choices[0]?.finish_reason], ['one/large', 15, 'stop']);
    assert.equal(response.headers.get('x-refrain-source'), 'provider');
    assert.equal(`chatcmpl-${request_id}`, data.id);
  });

  it('streams, with usage where it asks for it', async () => {
    mesh.one.script({ text: 'One after the other.', chunks: 5, paceMs: 5, usage: { prompt: 10, completion: 5 } });
    let text = '';
    let pieces = 0;
    for await (const chunk of await client.chat.completions.create({ ...asking('What streams?'), stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
      pieces += 1;
      assert.ok(!chunk.usage);
    }
    assert.equal(text, 'One after the other.');
    assert.ok(pieces > 5);
    const stream_options = { include_usage: true };
    const stream = await client.chat.completions.create({ ...asking('What counts?'), stream: true, stream_options });
    const chunks = await Array.fromAsync(stream);
    assert.deepEqual([chunks.at(-1)?.choices, chunks.at(-1)?.usage?.total_tokens], [[], 19]);
  });

  it('puts a stream together by its own helper', async () => {
    mesh.one.script({ text: 'All of it.', chunks: 4 });
    const stream = client.chat.completions.stream(asking('What helps?'));
    assert.equal(await stream.finalContent(), 'All of it.');
    assert.equal((await stream.finalChatCompletion()).choices[0]?.finish_reason, 'stop');
  });

  it('hears the cache the second time', async () => {
    const again = () => client.chat.completions.create(asking('What is asked twice?')).withResponse();
    const first = await again();
    await eventually(async () => (await again()).response.headers.get('x-refrain-source') === 'exact', {
      what: 'the answer to be kept',
    });
    assert.equal((await again()).data.choices[0]?.message.content, first.data.choices[0]?.message.content);
  });

  it('reads an answer from the cache as a stream, by its own helper too', async () => {
    const long = 'A long answer, told twice. '.repeat(20).trimEnd();
    mesh.one.script({ text: long, usage: { prompt: 10, completion: 5 } });
    const body = asking('What is told twice?');
    await client.chat.completions.create(body);
    const status = async () =>
      (await client.chat.completions.create(body).withResponse()).response.headers.get('x-refrain-cache');
    await eventually(async () => (await status()) === 'hit', { what: 'the answer to be kept' });
    const stream_options = { include_usage: true };
    const { data, response } = await client.chat.completions
      .create({ ...body, stream: true, stream_options })
      .withResponse();
    const chunks = await Array.fromAsync(data);
    assert.equal(response.headers.get('x-refrain-cache'), 'hit');
    assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), long);
    assert.deepEqual([chunks.length > 5, chunks.at(-1)?.usage?.total_tokens], [true, 15]);
    assert.equal(await client.chat.completions.stream(body).finalContent(), long);
  });

  it('does not ask again where only the cache was to answer', async () => {
    const eager = new OpenAI({ apiKey: 'key-of-ann', baseURL: `${mesh.http}/v1`, maxRetries: 3 });
    let calls = 0;
    const counting = eager.withOptions({
      fetch: (...request: Parameters<typeof fetch>) => {
        calls += 1;
        return fetch(...request);
      },
    });
    const headers = { 'cache-control': 'only-if-cached' };
    const asked = counting.chat.completions.create(asking('What does nobody know?'), { headers });
    await assert.rejects(asked, { status: 504, code: 'not_cached' });
    assert.equal(calls, 1);
  });

  for (const stream of [false, true]) {
    it(`calls a tool and tells what it said${stream ? ', streamed' : ''}`, async () => {
      mesh.one.script({ toolCalls: [call] }, { text: 'It rains in Oslo.' });
      const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'How is the weather in Oslo?' }];
      const body = { model: 'auto', messages, tools };
      const message = stream
        ? (await client.chat.completions.stream(body).finalChatCompletion()).choices[0]?.message
        : (await client.chat.completions.create(body)).choices[0]?.message;
      const asked = message?.tool_calls?.[0];
      assert.ok(message && asked?.type === 'function');
      assert.deepEqual([asked.id, asked.function.name], ['call_1', 'get_weather']);
      assert.deepEqual(JSON.parse(asked.function.arguments), { city: 'Oslo' });
      const result = { role: 'tool' as const, tool_call_id: asked.id, content: 'rain' };
      const end = await client.chat.completions.create({ ...body, messages: [...messages, message, result] });
      assert.equal(end.choices[0]?.message.content, 'It rains in Oslo.');
      const told = mesh.one.calls.at(-1)?.body.messages as { role: string; tool_call_id?: string }[];
      assert.deepEqual(
        told.map(({ role }) => role),
        ['user', 'assistant', 'tool'],
      );
      assert.equal(told[2]?.tool_call_id, 'call_1');
    });
  }

  it('lists and finds models', async () => {
    const names = (await Array.fromAsync(client.models.list())).map(({ id }) => id);
    assert.deepEqual(names, ['auto', 'best', 'one/large', 'two/large', 'absent/large']);
    assert.equal((await client.models.retrieve('one/large')).owned_by, 'one');
  });

  it('raises what goes wrong as its own classes', async () => {
    const create = (body: object, by = client) => by.chat.completions.create({ ...asking('What fails?'), ...body });
    await assert.rejects(create({ temperature: 3 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.deepEqual([error.status, error.param, error.type], [400, 'temperature', 'invalid_request_error']);
      return true;
    });
    await assert.rejects(create({ logit_bias: {} }), { code: 'unsupported_parameter', param: 'logit_bias' });
    await assert.rejects(create({ model: 'gpt-99' }), (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError);
      assert.equal(error.code, 'model_not_found');
      return true;
    });
    await assert.rejects(create({}, open('nonsense')), OpenAI.AuthenticationError);
    const eve = open('key-of-eve');
    for (let i = 0; i < 3; i += 1) await create({}, eve);
    await assert.rejects(create({}, eve), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.ok(Number(error.headers?.get('retry-after')) > 0);
      return true;
    });
    mesh.one.script({ fault: { kind: 'overloaded' } });
    mesh.two.script({ fault: { kind: 'overloaded' } });
    const noFallback = { headers: { 'x-refrain-fallback': 'none' } };
    await assert.rejects(client.chat.completions.create(asking('Who is there?'), noFallback), (error) => {
      assert.ok(error instanceof OpenAI.InternalServerError);
      assert.deepEqual([error.status, error.code], [503, 'upstream_overloaded']);
      return true;
    });
  });

  it('raises an answer that breaks off', async () => {
    mesh.one.script({ text: 'A long answer.', cut: 'middle' });
    const stream = await client.chat.completions.create({ ...asking('What breaks off?'), stream: true });
    let text = '';
    const reading = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    };
    await assert.rejects(reading(), (error) => error instanceof OpenAI.APIError);
    assert.ok(text !== '' && text !== 'A long answer.', text);
  });

  it('leaves a stream by aborting it, and the upstream is left too', async () => {
    mesh.one.script({ text: 'A long answer.', hang: 'middle' });
    const stream = await client.chat.completions.create({ ...asking('What is left?'), stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await eventually(() => mesh.one.calls.at(-1)?.abortedAtMs !== undefined, { what: 'the upstream to be left' });
  });
});
