/** What the HTTP face answers, path by path. Everything here throws RefrainError; the server turns it into a reply. */
import { randomUUIDv7 } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toJson } from '@bufbuild/protobuf';
import { ExplainResponseSchema, FeedbackResponseSchema } from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { Ask } from '../../ask.ts';
import type { Pipeline } from '../../pipeline.ts';
import { collect } from '../../reply.ts';
import { readJson } from './body.ts';
import { readApiKey, readOptions, readRequestId, readTimeoutMs } from './controls.ts';
import { toFeedback } from './feedback-body.ts';
import { refuseForeignPage } from './foreign-page.ts';
import { answerHeaders, answerStatus, toCompletionBody } from './from-answer.ts';
import { toJobBody } from './job-body.ts';
import { writeStream } from './stream.ts';
import { parseChatCompletion, toChat } from './to-chat.ts';

/** What the routes stand on. */
export interface RouteParts {
  readonly pipeline: Pipeline;
  readonly requestBytes: () => number;
  /** Whether the mesh has no callers' keys: then whoever reaches this port may ask. */
  readonly isOpen: () => boolean;
  readonly log: Logger;
}

const jobsPath = '/v1/refrain/jobs/';

/** Answers one request. @throws RefrainError when there is nothing to say but the error */
export async function handle(request: IncomingMessage, response: ServerResponse, parts: RouteParts): Promise<void> {
  const requestId = tellIds(request, response);
  if (parts.isOpen()) refuseForeignPage(request.headers.origin);
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const route = `${request.method} ${path}`;
  switch (route) {
    case 'POST /v1/chat/completions':
      return complete(request, response, { ...parts, requestId });
    case 'GET /v1/models':
      return send(response, 200, { object: 'list', data: await models(request, parts) });
    case 'POST /v1/refrain/explain': {
      const { ask } = await readAsk(request, response, parts);
      return send(response, 200, toJson(ExplainResponseSchema, await parts.pipeline.explain(ask)));
    }
    case 'POST /v1/refrain/feedback':
      return feedback(request, response, parts);
    default:
      if (request.method === 'GET' && path.startsWith('/v1/models/')) return model(request, response, parts, path);
      if (request.method === 'GET' && path.startsWith(jobsPath)) return job(request, response, parts, path);
      throw new RefrainError('not_found', `There is no ${route.slice(0, 200)}.`, { reason: 'UNKNOWN_URL' });
  }
}

/** Sends a JSON body with its length. */
export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

async function complete(
  request: IncomingMessage,
  response: ServerResponse,
  parts: RouteParts & { readonly requestId: string },
): Promise<void> {
  const { ask, stream, includeUsage } = await readAsk(request, response, parts).catch((thrown: unknown) => {
    parts.pipeline.refused('http', toRefrainError(thrown));
    throw thrown;
  });
  const reply = await parts.pipeline.ask({ ...ask, requestId: parts.requestId });
  const headers = answerHeaders(reply);
  if (stream) {
    response.writeHead(answerStatus(reply.provenance), {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    });
    return writeStream(response, reply, { includeUsage, signal: ask.signal, log: parts.log });
  }
  const answer = reply.whole ?? (await collect(reply));
  send(response, answerStatus(reply.provenance), toCompletionBody(answer), headers);
}

async function readAsk(request: IncomingMessage, response: ServerResponse, parts: RouteParts) {
  const body = parseChatCompletion(await readJson(request, parts.requestBytes()));
  const remainingMs = readTimeoutMs(request.headers);
  const ask: Ask = {
    chat: toChat(body),
    options: readOptions(request.headers),
    credentials: { apiKey: readApiKey(request.headers) },
    signal: goneSignal(response),
    face: 'http',
    ...(remainingMs !== undefined && { remainingMs }),
  };
  return { ask, stream: body.stream, includeUsage: body.stream_options?.include_usage ?? false };
}

/** Aborted when the client is gone before it has all of the response. */
function goneSignal(response: ServerResponse): AbortSignal {
  if (response.destroyed) return AbortSignal.abort();
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

async function job(request: IncomingMessage, response: ServerResponse, parts: RouteParts, path: string): Promise<void> {
  const id = decodePath(path.slice(jobsPath.length));
  const found = await parts.pipeline.job({ apiKey: readApiKey(request.headers) }, id);
  send(response, 200, toJobBody(found));
}

async function models(request: IncomingMessage, parts: RouteParts) {
  const list = parts.pipeline.models({ apiKey: readApiKey(request.headers) });
  return list.map(({ id, provider }) => ({ id, object: 'model', created: 0, owned_by: provider }));
}

async function model(
  request: IncomingMessage,
  response: ServerResponse,
  parts: RouteParts,
  path: string,
): Promise<void> {
  const id = decodePath(path.slice('/v1/models/'.length));
  const found = (await models(request, parts)).find((each) => each.id === id);
  if (!found) {
    const text = `There is no model ${id.slice(0, 100)}.`;
    throw new RefrainError('not_found', text, { reason: 'MODEL_NOT_FOUND' });
  }
  send(response, 200, found);
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RefrainError('invalid', 'The URL is not valid.', { cause });
  }
}

async function feedback(request: IncomingMessage, response: ServerResponse, parts: RouteParts): Promise<void> {
  const json = await readJson(request, parts.requestBytes());
  const message = toFeedback(json);
  const result = await parts.pipeline.feedback({ apiKey: readApiKey(request.headers) }, message);
  send(response, 200, toJson(FeedbackResponseSchema, result, { alwaysEmitImplicit: true }));
}

/** Every response names its request, errors too: the caller's own id and ours, which is the one that the answer and events have. */
function tellIds(request: IncomingMessage, response: ServerResponse): string {
  const requestId = randomUUIDv7();
  response.setHeader('x-request-id', readRequestId(request.headers) ?? requestId);
  response.setHeader('x-refrain-request-id', requestId);
  return requestId;
}
