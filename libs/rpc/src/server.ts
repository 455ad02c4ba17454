import type { DescMethod, Message } from '@bufbuild/protobuf';
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Health, ServerReflection, type ServerReflectionRequest } from '@refrain/contracts/grpc';
import { methodDefinitions } from './definition.ts';
import {
  type CallContext,
  type CallObserver,
  type RegisteredService,
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
  /** A request's raw bytes at most; more is INVALID_ARGUMENT. */
  readonly maximumRequestBytes?: number;
  readonly observe?: CallObserver;
}

/** A running gRPC server with health and reflection. */
export interface GrpcServer {
  readonly port: number;
  /** What health checks answer. */
  setServing(serving: boolean): void;
  /** Tells health checks, takes no new call, waits for running ones at most `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

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
  const observe = options.observe ?? (() => undefined);
  const health = createHealth(options.services.map((each) => each.descriptor.typeName));
  const limit = options.maximumRequestBytes ?? libraryLimitBytes;
  for (const each of [...options.services, health.registered]) add(server, each, limit, observe);
  addReflection(server, options.services, limit);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${options.host}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return { port, setServing: health.setServing, drain: (graceMs) => drain(server, health.setServing, graceMs) };
}

function add(server: Server, { descriptor, handlers }: RegisteredService, limit: number, observe: CallObserver): void {
  const implementation: UntypedServiceImplementation = {};
  for (const method of descriptor.methods) implementation[method.localName] = wrap(method, handlers, observe);
  server.addService(methodDefinitions(descriptor, limit), implementation);
}

function wrap(method: DescMethod, handlers: RegisteredService['handlers'], observe: CallObserver) {
  const handler = handlers[method.localName];
  if (!handler) throw new TypeError(`${method.parent.typeName} has no handler for ${method.name}`);
  const path = `${method.parent.typeName}/${method.name}`;
  return method.methodKind === 'unary'
    ? wrapUnary(path, handler as (request: Message, context: CallContext) => Promise<Message>, observe)
    : wrapServerStream(path, handler as (request: Message, context: CallContext) => AsyncIterable<Message>, observe);
}

function addReflection(server: Server, services: readonly RegisteredService[], limit: number): void {
  const reflect = createReflection([...services.map((each) => each.descriptor), Health, ServerReflection]);
  const handler: handleBidiStreamingCall<Message, Message> = (call) => {
    call.on('data', (request: Message) => call.write(reflect(request as ServerReflectionRequest)));
    call.on('end', () => call.end());
    // A client that breaks off needs no answer.
    call.on('error', () => call.end());
  };
  server.addService(methodDefinitions(ServerReflection, limit), { serverReflectionInfo: handler });
}

async function drain(server: Server, setServing: (serving: boolean) => void, graceMs: number): Promise<void> {
  setServing(false);
  const force = setTimeout(() => server.forceShutdown(), graceMs);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(force);
}
