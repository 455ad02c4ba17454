import type { ServerOptions } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import type { DescMethod, Message } from '@bufbuild/protobuf';
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Health, ServerReflection, type ServerReflectionRequest } from '@refrain/contracts/grpc';
import { RefrainError } from '@refrain/errors';
import { methodDefinitions } from './definition.ts';
import {
  type CallContext,
  type CallKeeping,
  type CallObserver,
  type RegisteredService,
  RunningCalls,
  wrapServerStream,
  wrapUnary,
} from './handlers.ts';
import { createHealth } from './health.ts';
import { createReflection } from './reflection.ts';

/** What a gRPC server serves and where. */
export interface GrpcServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly services: readonly RegisteredService[];
  /** A request's raw bytes at most, asked for each time; more is INVALID_ARGUMENT. */
  readonly maximumRequestBytes?: () => number;
  readonly observe?: CallObserver;
  /** Hears of each call whose request could not be read (too large, no such message): no handler does. */
  readonly unread?: (error: RefrainError) => void;
  /** A caller of a stream that takes nothing for so long is let go with DEADLINE_EXCEEDED; a minute where absent. */
  readonly stalledMs?: number;
}

/** A running gRPC server with health and reflection. */
export interface GrpcServer {
  readonly port: number;
  /** What health checks answer. */
  setServing(serving: boolean): void;
  /** Tells health checks, takes no new call, waits for running ones at most `graceMs` and then ends them with UNAVAILABLE. */
  drain(graceMs: number): Promise<void>;
}

const defaultStalledMs = 60_000;
/** For the last statuses to leave. */
const goodbyeMs = 500;
/** The library's own limit stands above ours, so that the refusal is ours and says why. */
const libraryLimitBytes = 16 * 1024 * 1024;

/** Starts a gRPC server. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': libraryLimitBytes,
    'grpc.max_send_message_length': -1,
    // Counters that only a channelz client reads, on every call and message.
    'grpc.enable_channelz': 0,
  });
  allowCancels(server);
  const { observe = () => undefined, stalledMs = defaultStalledMs, unread = () => undefined } = options;
  const keeping = { observe, running: new RunningCalls(), stalledMs, unread };
  const health = createHealth(options.services.map((each) => each.descriptor.typeName));
  const limit = options.maximumRequestBytes ?? (() => libraryLimitBytes);
  for (const each of [...options.services, health.registered]) add(server, each, limit, keeping);
  addReflection(server, options.services, limit);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${options.host}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    port,
    setServing: health.setServing,
    drain: (graceMs) => {
      health.close();
      return drain(server, keeping.running, graceMs);
    },
  };
}

/**
 * A caller that gives up resets its stream, and Node closes a connection on which that happens more often than 33 times a second
 * (after the first 1,000), with every other call on it. Clients of a mesh share one connection for thousands of calls a second, so the
 * limit is raised, not lifted: it is there against floods (CVE-2023-44487). grpc-js has no option that reaches it.
 */
function allowCancels(server: Server): void {
  const { commonServerOptions } = server as unknown as { commonServerOptions: ServerOptions };
  commonServerOptions.streamResetBurst = 100_000;
  commonServerOptions.streamResetRate = 10_000;
}

function add(
  server: Server,
  { descriptor, handlers }: RegisteredService,
  limit: () => number,
  keeping: CallKeeping,
): void {
  const implementation: UntypedServiceImplementation = {};
  for (const method of descriptor.methods) implementation[method.localName] = wrap(method, handlers, keeping);
  server.addService(methodDefinitions(descriptor, limit), implementation);
}

function wrap(method: DescMethod, handlers: RegisteredService['handlers'], keeping: CallKeeping) {
  const handler = handlers[method.localName];
  if (!handler) throw new TypeError(`${method.parent.typeName} has no handler for ${method.name}`);
  const path = `${method.parent.typeName}/${method.name}`;
  return method.methodKind === 'unary'
    ? wrapUnary(path, handler as (request: Message, context: CallContext) => Promise<Message>, keeping)
    : wrapServerStream(path, handler as (request: Message, context: CallContext) => AsyncIterable<Message>, keeping);
}

function addReflection(server: Server, services: readonly RegisteredService[], limit: () => number): void {
  const reflect = createReflection([...services.map((each) => each.descriptor), Health, ServerReflection]);
  const handler: handleBidiStreamingCall<Message, Message> = (call) => {
    call.on('data', (request: Message) => call.write(reflect(request as ServerReflectionRequest)));
    call.on('end', () => call.end());
    // A client that breaks off needs no answer.
    call.on('error', () => call.end());
  };
  server.addService(methodDefinitions(ServerReflection, limit), { serverReflectionInfo: handler });
}

/**
 * A session that is being closed in peace cannot be broken off any more (grpc-js' forceShutdown then waits for its peer), so what
 * still runs when the time is over is ended with a status of its own: the caller hears that it may ask elsewhere.
 */
async function drain(server: Server, running: RunningCalls, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const inTime = await Promise.race([closed.then(() => true), delay(graceMs, false, { ref: false })]);
  if (inTime) return;
  running.endAll(new RefrainError('unavailable', 'The server is stopping.', { reason: 'STOPPING', retryAfterMs: 0 }));
  await Promise.race([closed, delay(goodbyeMs, undefined, { ref: false })]);
  server.forceShutdown();
}
