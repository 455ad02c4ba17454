/** What the HTTP face answers, path by path. Everything here throws RefrainError; the server turns it into a reply. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toJson } from '@bufbuild/protobuf';
import { ExplainResponseSchema, FeedbackResponseSchema } from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import { meantHint } from '@refrain/judgement';
import type { Logger } from '@refrain/service';
import type { Ask } from '../../ask.ts';
import type { Pipeline } from '../../pipeline.ts';
import { collect } from '../../reply.ts';
import { fieldOfChat, renamed } from './as-written.ts';
import { readJson } from './body.ts';
import { readApiKey, readOptions, readTimeoutMs } from './controls.ts';
import { toFeedback } from './feedback-body.ts';
import { answerHeaders, answerStatus, toCompletionBody } from './from-answer.ts';
import { toJobBody } from './job-body.ts';
import { checkMedia } from './media.ts';
import { send } from './send.ts';
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

/** A request at its route. */
export interface Turn extends RouteParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Ours. */
  readonly requestId: string;
  /** What the path says behind the route's own part of it. */
  readonly name: string;
}

/**
 * Lets a request in and reads it: whoever has no key is refused before a byte of its body is read. What it gives answers.
 * @throws RefrainError for what is not let in or cannot be read
 */
export type Receive = (turn: Turn) => Promise<() => Promise<void>>;

/** POST /v1/chat/completions */
export const complete: Receive = async (turn) => {
  const { response, log, pipeline } = turn;
  const { ask, body, named } = await readAsk(turn);
  return async () => {
    const reply = await pipeline.ask(ask).catch(named);
    const headers = answerHeaders(reply);
    if (body.stream) {
      response.writeHead(answerStatus(reply.provenance), {
        ...headers,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
      });
      const includeUsage = body.stream_options?.include_usage ?? false;
      return writeStream(response, reply, { includeUsage, signal: ask.signal, log });
    }
    const answer = reply.whole ?? (await collect(reply));
    send(response, { status: answerStatus(reply.provenance), body: toCompletionBody(answer), headers });
  };
};

/** POST /v1/refrain/explain */
export const explain: Receive = async (turn) => {
  const { ask, named } = await readAsk(turn);
  return async () => {
    const explained = await turn.pipeline.explain(ask).catch(named);
    send(turn.response, { status: 200, body: toJson(ExplainResponseSchema, explained) });
  };
};

/** POST /v1/refrain/feedback */
export const feedback: Receive = async (turn) => {
  const credentials = credentialsOf(turn);
  turn.pipeline.authenticate(credentials);
  const { idField, request } = toFeedback(await readBody(turn));
  return async () => {
    const result = await turn.pipeline.feedback(credentials, request).catch((thrown: unknown) => {
      throw renamed(toRefrainError(thrown), (field) => (field === 'entry_id' ? idField : field));
    });
    const body = toJson(FeedbackResponseSchema, result, { alwaysEmitImplicit: true });
    send(turn.response, { status: 200, body });
  };
};

/** GET /v1/models */
export const models: Receive = async (turn) => {
  const data = listModels(turn);
  return async () => send(turn.response, { status: 200, body: { object: 'list', data } });
};

/** GET /v1/models/<id> */
export const model: Receive = async (turn) => {
  const id = decodePath(turn.name);
  const list = listModels(turn);
  const found = list.find((each) => each.id === id);
  if (!found) {
    const names = list.map((each) => each.id);
    const text = `There is no model ${id.slice(0, 100)}. ${meantHint(id, names)}GET /v1/models lists them.`;
    throw new RefrainError('not_found', text, { reason: 'MODEL_NOT_FOUND' });
  }
  return async () => send(turn.response, { status: 200, body: found });
};

/** GET /v1/refrain/jobs/<id> */
export const job: Receive = async (turn) => {
  const credentials = credentialsOf(turn);
  turn.pipeline.authenticate(credentials);
  const id = decodePath(turn.name);
  return async () => send(turn.response, { status: 200, body: toJobBody(await turn.pipeline.job(credentials, id)) });
};

async function readAsk(turn: Turn) {
  const { pipeline, request, requestId, response } = turn;
  const credentials = credentialsOf(turn);
  const admitted = pipeline.admit(credentials);
  const body = parseChatCompletion(await readBody(turn));
  const remainingMs = readTimeoutMs(request.headers);
  const ask: Ask = {
    requestId,
    chat: toChat(body),
    options: readOptions(request.headers),
    credentials,
    admitted,
    signal: goneSignal(response),
    face: 'http',
    ...(remainingMs !== undefined && { remainingMs }),
  };
  const named = (thrown: unknown): never => {
    throw renamed(toRefrainError(thrown), fieldOfChat(body, request.headers));
  };
  return { ask, body, named };
}

async function readBody({ request, requestBytes, response }: Turn): Promise<unknown> {
  const limitBytes = requestBytes();
  checkMedia(request, response, limitBytes);
  if (request.headers.expect !== undefined) response.writeContinue();
  return readJson(request, limitBytes);
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

function credentialsOf({ request }: Turn) {
  return { apiKey: readApiKey(request.headers) };
}

function listModels(turn: Turn) {
  const list = turn.pipeline.models(credentialsOf(turn));
  return list.map(({ id, provider }) => ({ id, object: 'model', created: 0, owned_by: provider }));
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RefrainError('invalid', 'The URL is not valid.', { cause });
  }
}
