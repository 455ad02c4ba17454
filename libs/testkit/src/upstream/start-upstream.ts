/**
 * A scripted upstream: a real HTTP server that speaks as one provider's documents say and does what the script wants.
 * A reply without pace or mishap is sent as one prepared piece of bytes, so that the same server serves benchmarks.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { claudeWire } from './claude.ts';
import { geminiWire } from './gemini.ts';
import { ollamaWire } from './ollama.ts';
import { openAiWire } from './openai.ts';
import { type Fault, type FilledReply, fill, type Reply } from './reply.ts';
import type { Ask, StreamScript, Wire } from './wire.ts';

/** Whose words an upstream speaks. */
export type UpstreamKind = 'openai' | 'claude' | 'gemini' | 'ollama';

/** A call as it arrived and how it ended; times by `performance.now()`. */
export interface RecordedCall extends Ask {
  readonly headers: IncomingMessage['headers'];
  /** The caller's port: the same for calls on one connection. */
  readonly remotePort: number | undefined;
  readonly arrivedAtMs: number;
  /** When the reply was out. */
  finishedAtMs?: number;
  /** When the caller closed the connection before the reply was out. */
  abortedAtMs?: number;
}

/** A reply, or what makes one of a call. */
export type Answering = Reply | ((call: RecordedCall) => Reply);

/** A running upstream. */
export interface ScriptedUpstream {
  /** Without a path. The base URL in refrain.yaml is this one, for `openai` with `/v1` behind it. */
  readonly url: string;
  readonly baseUrl: string;
  /** The questions so far, oldest first (at most the last 1,000); other paths are not recorded. */
  readonly calls: readonly RecordedCall[];
  /** How many questions came. */
  readonly count: number;
  /** Replies to the next questions, in order. */
  script(...replies: Answering[]): void;
  /** The reply once the script is through. */
  otherwise(reply: Answering): void;
  /** Refuses what is no question (a list of models) with the fault this names for the headers of the call. */
  refuseLists(fault: (headers: IncomingMessage['headers']) => Fault | undefined): void;
  stop(): Promise<void>;
}

const recordLimit = 1000;

/** Starts an upstream on a free loopback port. */
export async function startUpstream(
  kind: UpstreamKind,
  options: { readonly models?: readonly string[]; readonly port?: number } = {},
): Promise<ScriptedUpstream> {
  const wires = {
    openai: openAiWire,
    claude: claudeWire,
    gemini: geminiWire,
    ollama: ollamaWire(options.models ?? []),
  };
  const wire: Wire = wires[kind];
  const calls: RecordedCall[] = [];
  const script: Answering[] = [];
  let rest: Answering = {};
  let faultOf: (headers: IncomingMessage['headers']) => Fault | undefined = () => undefined;
  let count = 0;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const arrivedAtMs = performance.now();
    const ask = await read(request);
    const model = wire.model(ask);
    if (model === undefined) {
      const fault = faultOf(request.headers);
      if (fault) {
        const { status, body, headers } = wire.fault(fault);
        return send(response, status, body, headers);
      }
      const other = wire.other?.(ask);
      send(response, other ? 200 : 404, other ?? { error: `nothing at ${ask.path}` });
      return;
    }
    const call: RecordedCall = { ...ask, headers: request.headers, remotePort: request.socket.remotePort, arrivedAtMs };
    count += 1;
    calls.push(call);
    if (calls.length > recordLimit) calls.shift();
    response.once('close', () => {
      if (response.writableFinished) call.finishedAtMs = performance.now();
      else call.abortedAtMs = performance.now();
    });
    const answering = script.shift() ?? rest;
    const reply = typeof answering === 'function' ? answering(call) : answering;
    await answer(wire, { reply, ask, model, response });
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    baseUrl: kind === 'openai' ? `${url}/v1` : url,
    calls,
    get count() {
      return count;
    },
    script: (...replies) => void script.push(...replies),
    otherwise: (reply) => {
      rest = reply;
    },
    refuseLists: (fault) => {
      faultOf = fault;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<Ask> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const path = new URL(request.url ?? '/', 'http://upstream').pathname;
  return { method: request.method ?? '', path, body: text === '' ? {} : JSON.parse(text) };
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

interface Answer {
  readonly reply: Reply;
  readonly ask: Ask;
  readonly model: string;
  readonly response: ServerResponse;
}

/** Prepared bytes of replies that need no timing, by the script's own object. */
const prepared: WeakMap<Reply, Map<string, Buffer>> = new WeakMap();

async function answer(wire: Wire, { reply, ask, model, response }: Answer): Promise<void> {
  if (reply.hang === 'headers') return;
  if (reply.fault) {
    const fault = wire.fault(reply.fault);
    return send(response, fault.status, fault.body, { ...wire.headers, ...fault.headers, ...reply.headers });
  }
  if (reply.nonsense === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body><h1>Bad Gateway</h1></body></html>');
    return;
  }
  const headers = { ...wire.headers, ...reply.headers };
  if (!wire.isStreamed(ask)) return send(response, 200, wire.whole(fill(reply, model)), headers);
  response.writeHead(200, { 'content-type': wire.streamType, 'cache-control': 'no-cache', ...headers });
  if (isPlain(reply)) response.end(bytesOf(wire, reply, ask, model));
  else await perform(wire, fill(reply, model), ask, response);
}

function isPlain(reply: Reply): boolean {
  return !(reply.paceMs || reply.hang || reply.cut || reply.errorEvent || reply.nonsense || reply.splitBytes);
}

function bytesOf(wire: Wire, reply: Reply, ask: Ask, model: string): Buffer {
  const byCall = prepared.get(reply) ?? new Map<string, Buffer>();
  prepared.set(reply, byCall);
  const key = `${wire.streamType} ${model} ${JSON.stringify(ask.body.stream_options)}`;
  const known = byCall.get(key);
  if (known) return known;
  const { open, chunks, close, end } = wire.stream(fill(reply, model), ask);
  const bytes = Buffer.from([...open, ...chunks, ...close, ...(reply.missingEnd ? [] : end)].join(''));
  byCall.set(key, bytes);
  return bytes;
}

async function perform(wire: Wire, reply: FilledReply, ask: Ask, response: ServerResponse): Promise<void> {
  const script: StreamScript = wire.stream(reply, ask);
  const write = (text: string) => writeAll(response, text, reply.splitBytes);
  const mishap = async (moment: 'first_token' | 'middle'): Promise<boolean> => {
    if (reply.cut === moment) {
      await write('');
      response.destroy();
      return true;
    }
    if (reply.errorEvent === moment) {
      await write(wire.errorEvent());
      response.end();
      return true;
    }
    return reply.hang === moment;
  };
  response.flushHeaders();
  for (const text of script.open) await write(text);
  if (await mishap('first_token')) return;
  const middle = Math.max(1, Math.floor(script.chunks.length / 2));
  for (const [i, text] of script.chunks.entries()) {
    if (reply.paceMs) await delay(reply.paceMs);
    if (response.destroyed) return;
    if (i === middle && (await mishap('middle'))) return;
    if (i === middle && reply.nonsense === 'json') await write(wire.garbage());
    await write(text);
  }
  if (script.chunks.length <= middle && (await mishap('middle'))) return;
  for (const text of [...script.close, ...(reply.missingEnd ? [] : script.end)]) await write(text);
  response.end();
}

/** Waits until the bytes are handed to the network: a cut must come after what was said before it. */
async function writeAll(response: ServerResponse, text: string, splitBytes = Number.POSITIVE_INFINITY): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += splitBytes) {
    const piece = bytes.subarray(at, Math.min(bytes.length, at + splitBytes));
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
    if (splitBytes !== Number.POSITIVE_INFINITY) await new Promise((resolve) => setImmediate(resolve));
  }
}
