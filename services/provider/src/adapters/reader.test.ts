import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FinishReason } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { UpstreamResponse } from '../upstream/http.ts';
import type { AdapterEvent } from './adapter.ts';
import { readStream, type StreamReader } from './reader.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const request = { url: new URL('http://x.test'), signal: new AbortController().signal };
const toError = ({ status, body }: { status: number; body: string }) =>
  new RefrainError('unavailable', `${status} ${body}`);

function response(chunks: string[], { status = 200, contentType = 'text/event-stream' } = {}): UpstreamResponse {
  return {
    status,
    headers: { get: (name) => (name === 'content-type' ? contentType : undefined) },
    chunks: (async function* () {
      for (const chunk of chunks) yield bytes(chunk);
    })(),
    text: async () => chunks.join(''),
  };
}

/** Reads letters as words, `+` as a call of a tool, `.` as a sign of life, `!` as the end, `x` as an error. */
function letters(): StreamReader & { done: boolean } {
  const reader = {
    done: false,
    push: (chunk: Uint8Array) => [...new TextDecoder().decode(chunk)].flatMap(toEvent),
    end: (): AdapterEvent[] => {
      throw new RefrainError('upstream', 'ended early');
    },
  };
  const toEvent = (letter: string): AdapterEvent[] => {
    if (letter === ' ') return [];
    if (letter === 'x') throw new RefrainError('unavailable', 'an error event');
    if (letter === '.') return [{ kind: 'alive', thinking: true }];
    if (letter === '+') return [{ kind: 'delta', delta: { toolCalls: [{ id: 'c', index: 0 }] } }];
    if (letter !== '!') return [{ kind: 'delta', delta: { text: letter, toolCalls: [] } }];
    reader.done = true;
    return [{ kind: 'final', finishReason: FinishReason.STOP, model: 'm' }];
  };
  return reader;
}

async function read(reply: UpstreamResponse): Promise<{ events: string[]; error?: RefrainError }> {
  const events: string[] = [];
  try {
    const to = { reader: letters(), contentType: /event-stream/, toError };
    for await (const event of readStream(async () => reply, request, to))
      events.push(event.kind === 'delta' ? (event.delta.text ?? 'call') : event.kind);
  } catch (error) {
    return { events, error: error as RefrainError };
  }
  return { events };
}

test('words of one piece are one delta, words of two pieces are two, and order is kept around all else', async () => {
  assert.deepEqual((await read(response(['ab', 'c', 'd+e.f!']))).events, [
    'ab',
    'c',
    'd',
    'call',
    'e',
    'alive',
    'f',
    'final',
  ]);
});

test('a piece that says nothing is a sign of life', async () => {
  assert.deepEqual((await read(response([' ', 'a!']))).events, ['alive', 'a', 'final']);
});

test('nothing after the stream’s own end counts', async () => {
  assert.deepEqual((await read(response(['a!', 'x']))).events, ['a', 'final']);
});

test('a stream that stops before its end is no answer', async () => {
  const { events, error } = await read(response(['a']));
  assert.deepEqual([events, error?.message], [['a'], 'ended early']);
});

test('words that come with an error in one piece are not told, earlier ones are', async () => {
  assert.deepEqual((await read(response(['abx']))).events, []);
  assert.deepEqual((await read(response(['a', 'bx']))).events, ['a']);
});

test('a status other than 200 goes to the adapter’s classifier', async () => {
  assert.equal((await read(response(['no'], { status: 429 }))).error?.message, '429 no');
});

test('status 200 without a stream: JSON is classified, anything else makes no sense', async () => {
  const json = await read(response(['{"error":1}'], { contentType: 'application/json' }));
  assert.equal(json.error?.message, '200 {"error":1}');
  const page = await read(response(['<html>'], { contentType: 'text/html' }));
  assert.deepEqual([page.error?.code, page.error?.reason], ['upstream', 'MALFORMED']);
});
