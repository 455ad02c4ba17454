/**
 * The thin HTTP client towards the upstreams: node:http, not fetch (docs/decisions/0005-upstream-http-client.md). It
 * follows no redirects, and an abort closes the socket at once.
 */
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { RefrainError } from '@refrain/errors';

/** One call of an upstream. */
export interface UpstreamRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Aborting closes the connection; the call and its chunks then throw the signal's reason. */
  readonly signal: AbortSignal;
}

/** Headers by lower-case name. */
export interface UpstreamHeaders {
  get(name: string): string | undefined;
}

/** An upstream's reply whose body is still coming. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: UpstreamHeaders;
  /** The body as it comes; throws RefrainError `unavailable` when the connection breaks. To be read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** At most `limit` bytes of the body as text; the rest is thrown away with the connection. */
  text(limit?: number): Promise<string>;
}

/** Sends a request and resolves with the head of the reply. */
export type UpstreamFetch = (request: UpstreamRequest) => Promise<UpstreamResponse>;

/** A client with its own kept-alive connections. */
export interface UpstreamClient {
  readonly fetch: UpstreamFetch;
  close(): void;
}

const agentOptions = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 256, noDelay: true };
const errorBodyLimit = 64 * 1024;
const lingerMs = 250;
/** For the name, the connection and TLS together. A host that is not there must not cost the time of a first word. */
const defaultConnectMs = 3000;

/** Builds a client; nothing is opened before the first call. `connectMs` bounds how long a connection may take (3 s). */
export function createUpstreamClient({ connectMs = defaultConnectMs } = {}): UpstreamClient {
  const http = new HttpAgent({ ...agentOptions, scheduling: 'lifo' });
  const https = new HttpsAgent({ ...agentOptions, scheduling: 'lifo' });
  const open = (call: UpstreamRequest): ClientRequest => {
    const secure = call.url.protocol === 'https:';
    const options = { method: call.method ?? 'POST', headers: headersOf(call), agent: secure ? https : http };
    const request = secure ? httpsRequest(call.url, options) : httpRequest(call.url, options);
    request.once('socket', (socket) => {
      if (socket.connecting) limitConnect(request, socket, secure ? 'secureConnect' : 'connect');
    });
    return request;
  };
  const limitConnect = (request: ClientRequest, socket: Socket, done: string) => {
    const late = () => request.destroy(new Error(`no connection within ${connectMs} ms`));
    const timer = setTimeout(late, connectMs);
    const stop = () => clearTimeout(timer);
    socket.once(done, stop);
    request.once('close', stop);
  };
  return {
    fetch: (call) => send(call, () => open(call)),
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

function headersOf(call: UpstreamRequest): Record<string, string | number> {
  if (call.body === undefined) return { ...call.headers };
  return { 'content-type': 'application/json', ...call.headers, 'content-length': Buffer.byteLength(call.body) };
}

async function send(call: UpstreamRequest, open: () => ClientRequest): Promise<UpstreamResponse> {
  try {
    return await head(call, open());
  } catch (error) {
    throw broken(call.signal, error);
  }
}

function head(call: UpstreamRequest, request: ClientRequest): Promise<UpstreamResponse> {
  return new Promise((resolve, reject) => {
    const { signal } = call;
    const abort = () => {
      request.destroy();
      reject(signal.reason);
    };
    // First of all: a request that is destroyed says so by 'error' too.
    request.on('error', reject);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    request.once('close', () => signal.removeEventListener('abort', abort));
    request.once('response', (message) => resolve(toResponse(message, signal)));
    request.end(call.body);
  });
}

function toResponse(message: IncomingMessage, signal: AbortSignal): UpstreamResponse {
  const chunks = readChunks(message, signal);
  return {
    status: message.statusCode ?? 0,
    headers: {
      get: (name) => {
        const value = message.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
    },
    chunks,
    text: async (limit = errorBodyLimit) => {
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of chunks) {
        parts.push(chunk);
        size += chunk.length;
        if (size >= limit) break;
      }
      return Buffer.concat(parts).toString('utf8', 0, limit);
    },
  };
}

async function* readChunks(message: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* message.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw broken(signal, error);
  } finally {
    if (!message.complete) leave(message, signal);
  }
}

/**
 * A reader that has seen the stream's own end leaves before HTTP's: a moment is given for that, so that the connection
 * can be used again. An aborted call is closed at once, so that the upstream stops working for nobody.
 */
function leave(message: IncomingMessage, signal: AbortSignal): void {
  if (signal.aborted || message.destroyed) {
    message.destroy();
    return;
  }
  // Later, because the iterator gives up its own hold on the stream in the next tick.
  setImmediate(() => message.resume());
  const timer = setTimeout(() => message.destroy(), lingerMs);
  message.once('close', () => clearTimeout(timer));
}

function broken(signal: AbortSignal, cause: unknown): unknown {
  if (signal.aborted) return signal.reason;
  if (cause instanceof RefrainError) return cause;
  return new RefrainError('unavailable', 'The connection to the provider failed.', {
    reason: 'CONNECTION_FAILED',
    cause,
  });
}
