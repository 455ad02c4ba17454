/** The OpenAI-compatible door: translates to and from the canonical request and decides nothing. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromJson, toJson } from '@bufbuild/protobuf';
import { ExplainResponseSchema, FeedbackRequestSchema, FeedbackResponseSchema } from '@refrain/contracts';
import { errorCodes, RefrainError, toRefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { Ask } from '../../ask.ts';
import type { Pipeline } from '../../pipeline.ts';
import { collect } from '../../reply.ts';
import { readJson } from './body.ts';
import { readApiKey, readOptions, readRequestId, readTimeoutMs } from './controls.ts';
import { retryHeaders, toErrorBody } from './error-body.ts';
import { provenanceHeaders, toCompletionBody } from './from-answer.ts';
import { writeStream } from './stream.ts';
import { parseChatCompletion, toChat } from './to-chat.ts';

/** What the HTTP face needs. */
export interface HttpFaceOptions {
  readonly host: string;
  readonly port: number;
  readonly pipeline: Pipeline;
  readonly requestBytes: () => number;
  readonly log: Logger;
}

/** A running HTTP face. */
export interface HttpFace {
  readonly port: number;
  /** Takes no new connection, lets running requests end, at most `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

/** Starts the OpenAI-compatible HTTP face. */
export async function startHttpFace(options: HttpFaceOptions): Promise<HttpFace> {
  const server = createServer((request, response) => {
    handle(request, response, options).catch((thrown) => fail(request, response, thrown, options.log));
  });
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, drain: (graceMs) => drain(server, graceMs) };
}

async function handle(request: IncomingMessage, response: ServerResponse, options: HttpFaceOptions): Promise<void> {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const route = `${request.method} ${path}`;
  switch (route) {
    case 'POST /v1/chat/completions':
      return complete(request, response, options);
    case 'GET /v1/models':
      return send(response, 200, { object: 'list', data: await models(request, options) });
    case 'POST /v1/refrain/explain': {
      const { ask } = await readAsk(request, response, options);
      return send(response, 200, toJson(ExplainResponseSchema, await options.pipeline.explain(ask)));
    }
    case 'POST /v1/refrain/feedback':
      return feedback(request, response, options);
    default:
      if (request.method === 'GET' && path.startsWith('/v1/models/')) return model(request, response, options, path);
      throw new RefrainError('not_found', `There is no ${route}.`, { reason: 'UNKNOWN_URL' });
  }
}

async function complete(request: IncomingMessage, response: ServerResponse, options: HttpFaceOptions): Promise<void> {
  const { ask, stream, includeUsage } = await readAsk(request, response, options);
  const reply = await options.pipeline.ask(ask);
  setIds(request, response, reply.requestId);
  const headers = provenanceHeaders(reply.provenance);
  if (stream) {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    });
    return writeStream(response, reply, { includeUsage, signal: ask.signal });
  }
  const answer = reply.whole ?? (await collect(reply));
  send(response, 200, toCompletionBody(answer), headers);
}

async function readAsk(request: IncomingMessage, response: ServerResponse, options: HttpFaceOptions) {
  const body = parseChatCompletion(await readJson(request, options.requestBytes()));
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const remainingMs = readTimeoutMs(request.headers);
  const ask: Ask = {
    chat: toChat(body),
    options: readOptions(request.headers),
    credentials: { apiKey: readApiKey(request.headers) },
    signal: gone.signal,
    face: 'http',
    ...(remainingMs !== undefined && { remainingMs }),
  };
  return { ask, stream: body.stream, includeUsage: body.stream_options?.include_usage ?? false };
}

async function models(request: IncomingMessage, options: HttpFaceOptions) {
  const list = options.pipeline.models({ apiKey: readApiKey(request.headers) });
  return list.map(({ id, provider }) => ({ id, object: 'model', created: 0, owned_by: provider }));
}

async function model(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpFaceOptions,
  path: string,
): Promise<void> {
  const id = decodePath(path.slice('/v1/models/'.length));
  const found = (await models(request, options)).find((each) => each.id === id);
  if (!found) throw new RefrainError('not_found', `There is no model ${id}.`, { reason: 'MODEL_NOT_FOUND' });
  send(response, 200, found);
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RefrainError('invalid', 'The URL is not valid.', { cause });
  }
}

async function feedback(request: IncomingMessage, response: ServerResponse, options: HttpFaceOptions): Promise<void> {
  const json = await readJson(request, options.requestBytes());
  let message: ReturnType<typeof fromJson<typeof FeedbackRequestSchema>>;
  try {
    message = fromJson(FeedbackRequestSchema, json as Parameters<typeof fromJson>[1]);
  } catch (cause) {
    throw new RefrainError('invalid', 'Send {"entryId": "…", "verdict": "VERDICT_WRONG"}.', { cause });
  }
  const result = await options.pipeline.feedback({ apiKey: readApiKey(request.headers) }, message);
  send(response, 200, toJson(FeedbackResponseSchema, result, { alwaysEmitImplicit: true }));
}

function setIds(request: IncomingMessage, response: ServerResponse, requestId: string): void {
  response.setHeader('x-request-id', readRequestId(request.headers) ?? requestId);
  response.setHeader('x-refrain-request-id', requestId);
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

function fail(request: IncomingMessage, response: ServerResponse, thrown: unknown, log: Logger): void {
  const error = toRefrainError(thrown);
  if (error.code === 'internal') log.error({ err: error.cause ?? error }, 'http request failed');
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const requestId = readRequestId(request.headers);
  send(response, errorCodes[error.code].http, toErrorBody(error), {
    ...(requestId !== undefined && { 'x-request-id': requestId }),
    ...retryHeaders(error),
  });
}

async function drain(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A kept-alive connection that was busy at close() is idle later and would hold the server open.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(force);
}
