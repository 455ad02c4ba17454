import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { DeltaSchema, FinishReason } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { silentLog } from '@refrain/testkit';
import { answerOf } from '../../../test/question.ts';
import { type Reply, type ReplyEvent, wholeReply } from '../../reply.ts';
import { writeStream } from './stream.ts';

type Init = Parameters<typeof create<typeof DeltaSchema>>[1];
const delta = (init: Init): ReplyEvent => ({ kind: 'delta', delta: create(DeltaSchema, init) });
const completed = (finishReason: FinishReason = FinishReason.STOP): ReplyEvent => ({
  kind: 'completed',
  answer: answerOf('A monoid.', { finishReason }),
});

/** A client that takes a piece after the other; what it got is in `text`. */
class Client extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    setImmediate(done);
  }
}

async function written(events: readonly (ReplyEvent | RefrainError)[], includeUsage = false) {
  const { requestId, provenance } = wholeReply(answerOf('A monoid.', { requestId: 'r1' }));
  const reply: Reply = {
    requestId,
    provenance,
    events: async function* () {
      for (const event of events) {
        if (event instanceof RefrainError) throw event;
        yield event;
      }
    },
  };
  const client = new Client({ highWaterMark: 10 });
  const signal = new AbortController().signal;
  await writeStream(client as unknown as ServerResponse, reply, { includeUsage, signal, log: silentLog });
  if (!client.writableFinished) await new Promise((resolve) => client.once('finish', resolve));
  const blocks = client.text.split('\n\n').filter((block) => block !== '');
  const done = blocks.at(-1) === 'data: [DONE]';
  const chunks = (done ? blocks.slice(0, -1) : blocks).map((block) => JSON.parse(block.slice('data: '.length)));
  return { chunks, done };
}

test('pieces come as chunks of one id, the role with the first, the reason and where it came from with the last', async () => {
  const { chunks, done } = await written([delta({ text: 'A mon' }), delta({ text: 'oid.' }), completed()]);
  assert.ok(done);
  assert.deepEqual(
    chunks.map(({ choices }) => choices[0].delta),
    [{ role: 'assistant', content: 'A mon' }, { content: 'oid.' }, {}],
  );
  assert.deepEqual(
    chunks.map(({ choices }) => choices[0].finish_reason),
    [null, null, 'stop'],
  );
  assert.ok(
    chunks.every(
      ({ id, model, object }) => `${id} ${model} ${object}` === 'chatcmpl-r1 one/large chat.completion.chunk',
    ),
  );
  assert.deepEqual([chunks[2].refrain.source, chunks[2].refrain.cost_nano_usd], ['provider', 20_000]);
  assert.equal(chunks[2].usage, undefined);
});

test('usage, where it is asked for, comes in a last chunk without choices', async () => {
  const { chunks } = await written([delta({ text: 'A' }), completed()], true);
  assert.deepEqual([chunks.at(-1).choices, chunks.at(-1).usage.total_tokens], [[], 15]);
  assert.equal(chunks.at(-1).refrain.source, 'provider');
  assert.equal(chunks.at(-2).refrain, undefined);
});

test('a tool call comes in pieces under its index, its name once', async () => {
  const piece = (init: object) => delta({ toolCalls: [{ index: 0, ...init }] });
  const { chunks } = await written([
    piece({ id: 'c1', name: 'look' }),
    piece({ argumentsJson: '{}' }),
    completed(FinishReason.TOOL_CALLS),
  ]);
  assert.deepEqual(
    chunks.map(({ choices }) => choices[0].delta.tool_calls?.[0]),
    [
      { index: 0, id: 'c1', type: 'function', function: { name: 'look', arguments: '' } },
      { index: 0, function: { arguments: '{}' } },
      undefined,
    ],
  );
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'tool_calls');
});

test('an answer that breaks off ends with an error event and without [DONE]', async () => {
  const { chunks, done } = await written([
    delta({ text: 'A' }),
    new RefrainError('midstream', 'Cut.', { reason: 'TRUNCATED' }),
  ]);
  assert.equal(done, false);
  assert.deepEqual(chunks.at(-1), { error: { message: 'Cut.', type: 'api_error', param: null, code: 'truncated' } });
});

test('a bug of ours in the middle of a stream is an error event for the caller and a line with its stack for us', async () => {
  const bug = new TypeError('no such thing');
  const reply: Reply = {
    ...wholeReply(answerOf('A monoid.')),
    events: async function* () {
      yield delta({ text: 'A' });
      throw bug;
    },
  };
  const client = new Client();
  const logged: object[] = [];
  const log = { error: (fields: object) => logged.push(fields) };
  const signal = new AbortController().signal;
  await writeStream(client as unknown as ServerResponse, reply, { includeUsage: false, signal, log });
  if (!client.writableFinished) await new Promise((resolve) => client.once('finish', resolve));
  assert.deepEqual(logged, [{ err: bug }]);
  assert.match(client.text, /"code":"internal"/);
  assert.doesNotMatch(client.text, /no such thing/);
});

test('a client that stops reading stops the answer until it reads again, and leaves it when it goes', async () => {
  const gone = new AbortController();
  let given = 0;
  let left = false;
  const { requestId, provenance } = wholeReply(answerOf('A monoid.'));
  const events = async function* (): AsyncGenerator<ReplyEvent> {
    try {
      for (; ; given += 1) yield delta({ text: 'x'.repeat(100) });
    } finally {
      left = true;
    }
  };
  const stuck = new Writable({ highWaterMark: 10, write: () => undefined });
  const reply: Reply = { requestId, provenance, events };
  const writing = writeStream(stuck as unknown as ServerResponse, reply, {
    includeUsage: false,
    signal: gone.signal,
    log: silentLog,
  });
  await new Promise(setImmediate);
  assert.equal(given, 0);
  gone.abort();
  await writing;
  assert.deepEqual([left, stuck.destroyed], [true, true]);
});

test('a client that takes nothing is let go, and the answer with it', async () => {
  let isLeft = false;
  const reply: Reply = {
    ...wholeReply(answerOf('A monoid.')),
    events: async function* () {
      try {
        for (;;) yield delta({ text: 'More and more.' });
      } finally {
        isLeft = true;
      }
    },
  };
  const client = new Writable({ highWaterMark: 10, write: () => undefined });
  const signal = new AbortController().signal;
  await writeStream(client as unknown as ServerResponse, reply, {
    includeUsage: false,
    signal,
    stalledMs: 20,
    log: silentLog,
  });
  assert.deepEqual([isLeft, client.destroyed], [true, true]);
});
