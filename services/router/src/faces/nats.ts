/**
 * The NATS door: request/reply on `refrain.v1.complete.<client>`. The header `content-type` says how the request is written and the
 * answer will be: `application/json` (the default) or `application/protobuf`, both of refrain.router.v1.CompleteRequest. With
 * `x-refrain-stream: true` the reply subject gets one StreamCompleteResponse after the other, `completed` last.
 */
import {
  create,
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  type MessageShape,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';
import type { Bus, BusMessage, Subscription } from '@refrain/bus';
import {
  BadRequestSchema,
  type CompleteRequest,
  CompleteRequestSchema,
  CompleteResponseSchema,
  CostSchema,
  completeSubject,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
  StatusSchema,
  StreamCompleteResponseSchema,
  UsageSchema,
} from '@refrain/contracts';
import { errorCodes, RefrainError, toRefrainError } from '@refrain/errors';
import { toRichStatus } from '@refrain/rpc';
import type { Logger } from '@refrain/service';
import type { Ask } from '../ask.ts';
import type { Pipeline } from '../pipeline.ts';
import { collect } from '../reply.ts';
import { readApiKey } from './api-key.ts';
import { toStream } from './grpc.ts';

/** What the NATS face needs. */
export interface NatsFaceOptions {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly pipeline: Pipeline;
  readonly requestBytes: () => number;
  readonly log: Logger;
}

/** A NATS face that listens. */
export interface NatsFace {
  /** Takes no new request and waits for the running ones, at most `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

type Encoding = 'json' | 'protobuf';

/** Characters of what is wrong with a request: it may quote the request. */
const maximumFault = 200;

/** What an error's details are made of: JSON writes them out, so it must know them. */
const registry = createRegistry(
  ...[BadRequestSchema, CostSchema, ErrorInfoSchema, QuotaFailureSchema, RetryInfoSchema, UsageSchema],
);

/** Listens for every client; the routers of a mesh share the work. */
export function startNatsFace(options: NatsFaceOptions): NatsFace {
  const running = new Map<Promise<void>, AbortController>();
  const subscription: Subscription = options.bus.subscribe(completeSubject('*'), { queue: 'routers' }, (message) => {
    if (message.reply === undefined) return;
    const abort = new AbortController();
    const handled = handle(message, abort.signal, options).catch((err) => {
      options.log.warn({ err }, 'a NATS caller could not be answered');
    });
    running.set(handled, abort);
    void handled.finally(() => running.delete(handled));
  });
  return {
    drain: async (graceMs) => {
      await subscription.drain();
      const force = setTimeout(() => {
        for (const abort of running.values()) abort.abort();
      }, graceMs);
      await Promise.all(running.keys());
      clearTimeout(force);
    },
  };
}

async function handle(message: BusMessage, signal: AbortSignal, options: NatsFaceOptions): Promise<void> {
  const encoding: Encoding = /protobuf/.test(message.header('content-type') ?? '') ? 'protobuf' : 'json';
  const respond = <S extends DescMessage>(schema: S, value: MessageShape<S>, headers: Record<string, string> = {}) =>
    message.respond(encode(schema, value, encoding), { 'content-type': `application/${encoding}`, ...headers });
  try {
    const reply = await options.pipeline.ask(readAsk(message, encoding, signal, options));
    if (wantsStream(message.header('x-refrain-stream'))) {
      for await (const event of toStream(reply)) respond(StreamCompleteResponseSchema, event);
    } else {
      respond(CompleteResponseSchema, create(CompleteResponseSchema, { answer: await collect(reply) }));
    }
  } catch (thrown) {
    const error = toRefrainError(thrown);
    if (error.code === 'internal') options.log.error({ err: error.cause ?? error }, 'nats request failed');
    // The two headers are how NATS services say that a reply is an error (ADR-32).
    respond(StatusSchema, toRichStatus(error), {
      'Nats-Service-Error-Code': String(errorCodes[error.code].http),
      'Nats-Service-Error': oneLine(error.message),
    });
  }
}

function readAsk(message: BusMessage, encoding: Encoding, signal: AbortSignal, options: NatsFaceOptions): Ask {
  try {
    return toAsk(message, encoding, signal, options.requestBytes());
  } catch (thrown) {
    options.pipeline.refused('nats', toRefrainError(thrown));
    throw thrown;
  }
}

function toAsk(message: BusMessage, encoding: Encoding, signal: AbortSignal, limitBytes: number): Ask {
  requireContentType(message.header('content-type'));
  // Looked at before anything is asked for.
  wantsStream(message.header('x-refrain-stream'));
  const { chat, options } = decode(message.data, encoding, limitBytes);
  return {
    chat,
    options,
    credentials: {
      apiKey: readApiKey((name) => message.header(name)),
      client: message.subject.slice(message.subject.lastIndexOf('.') + 1),
    },
    signal,
    remainingMs: readTimeout(message.header('x-refrain-timeout-ms')),
    face: 'nats',
  };
}

function decode(data: Uint8Array, encoding: Encoding, limitBytes: number): CompleteRequest {
  if (data.length > limitBytes) throw invalid(`is larger than ${limitBytes} bytes`, 'REQUEST_TOO_LARGE');
  const isNone = `is not a refrain.router.v1.CompleteRequest in ${encoding}`;
  let json: JsonValue;
  try {
    if (encoding === 'protobuf') return fromBinary(CompleteRequestSchema, data);
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (cause) {
    throw invalid(isNone, 'INVALID', cause);
  }
  try {
    return fromJson(CompleteRequestSchema, json);
  } catch (cause) {
    // Names the field: `key "temprature" is unknown`.
    throw invalid(`${isNone}: ${(cause as Error).message.slice(0, maximumFault)}`, 'INVALID', cause);
  }
}

function encode<S extends DescMessage>(schema: S, value: MessageShape<S>, encoding: Encoding): Uint8Array {
  return encoding === 'json' ? Buffer.from(toJsonString(schema, value, { registry })) : toBinary(schema, value);
}

function requireContentType(text: string | undefined): void {
  if (text === undefined || /^application\/(?:json|(?:x-)?protobuf)\s*(?:;|$)/i.test(text)) return;
  throw invalid('must be application/json or application/protobuf', 'INVALID', undefined, 'content-type');
}

function wantsStream(text: string | undefined): boolean {
  if (text === undefined || text === 'true' || text === 'false') return text === 'true';
  throw invalid('must be true or false', 'INVALID', undefined, 'x-refrain-stream');
}

/** A header ends with its line: one that holds two (a model's name may) is never sent, and its caller waits for nothing. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}

function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Number(text);
  if (!(ms > 0)) throw invalid('must be a positive number', 'INVALID', undefined, 'x-refrain-timeout-ms');
  return ms;
}

function invalid(description: string, reason: string, cause?: unknown, field = 'request'): RefrainError {
  return new RefrainError('invalid', `The ${field} ${description}.`, {
    reason,
    cause,
    fields: [{ field, description }],
  });
}
