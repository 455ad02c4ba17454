import type { DescMethod, DescService, Message, MessageShape } from '@bufbuild/protobuf';
import {
  Client,
  type ClientReadableStream,
  credentials,
  type CallOptions as GrpcCallOptions,
  Metadata,
} from '@grpc/grpc-js';
import { RefrainError } from '@refrain/errors';
import { methodDefinition } from './definition.ts';
import { fromServiceError } from './status.ts';

/** What one call may set. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

type Method<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? (request: MessageShape<M['input']>, options?: CallOptions) => Promise<MessageShape<M['output']>>
  : (request: MessageShape<M['input']>, options?: CallOptions) => AsyncIterable<MessageShape<M['output']>>;

/** A promise for each unary method, an async iterable for each server stream; both throw RefrainError. */
export type GrpcClient<S extends DescService> = { [K in keyof S['method']]: Method<S['method'][K]> } & {
  /** Resolves when the channel is up; throws RefrainError `unavailable` after `timeoutMs`. */
  waitForReady(timeoutMs: number): Promise<void>;
  close(): void;
};

const noMetadata = new Metadata();

/** Opens a client; it connects by itself, and again whenever the server comes back. `metadata` goes with every call. */
export function createGrpcClient<S extends DescService>(
  descriptor: S,
  address: string,
  { metadata }: { readonly metadata?: CallOptions['metadata'] | undefined } = {},
): GrpcClient<S> {
  const always = toMetadata(metadata, noMetadata);
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    // Counters that only a channelz client reads, on every call and message.
    'grpc.enable_channelz': 0,
    // A server that restarts is found again within half a second, not after grpc's default of minutes.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 500,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  const methods = descriptor.methods.map((method) => [method.localName, createMethod(client, method, always)]);
  const waitForReady = (timeoutMs: number) =>
    new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + timeoutMs, (cause) => {
        if (cause) reject(new RefrainError('unavailable', `Nothing answers at ${address}.`, { cause }));
        else resolve();
      });
    });
  return { ...Object.fromEntries(methods), waitForReady, close: () => client.close() } as GrpcClient<S>;
}

function createMethod(client: Client, method: DescMethod, always: Metadata) {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method);
  if (method.methodKind === 'unary') {
    return (request: Message, options?: CallOptions) =>
      new Promise<Message>((resolve, reject) => {
        const done = (error: Parameters<typeof fromServiceError>[0] | null, response?: Message) => {
          options?.signal?.removeEventListener('abort', cancel);
          if (error || !response)
            reject(error ? fromServiceError(error) : new RefrainError('internal', 'The response is empty.'));
          else resolve(response);
        };
        const call = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          toMetadata(options?.metadata, always),
          toOptions(options),
          done,
        );
        const cancel = () => call.cancel();
        if (options?.signal?.aborted) cancel();
        else options?.signal?.addEventListener('abort', cancel, { once: true });
      });
  }
  return (request: Message, options?: CallOptions) => {
    const open = () =>
      client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        toMetadata(options?.metadata, always),
        toOptions(options),
      );
    return readStream(open, options?.signal);
  };
}

/** Opens the call when reading begins and cancels it when reading ends early. */
async function* readStream(
  open: () => ClientReadableStream<Message>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Message> {
  const call = open();
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  try {
    for await (const message of call as AsyncIterable<Message>) yield message;
  } catch (error) {
    throw fromServiceError(error as Parameters<typeof fromServiceError>[0]);
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}

/** `always` and what this call adds; where it adds nothing no copy is made. */
function toMetadata(added: CallOptions['metadata'], always: Metadata): Metadata {
  if (!added) return always;
  const metadata = always.clone();
  for (const [name, value] of Object.entries(added)) metadata.set(name, value);
  return metadata;
}

function toOptions(options: CallOptions | undefined): GrpcCallOptions {
  return options?.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
}
