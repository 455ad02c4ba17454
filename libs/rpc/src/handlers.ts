/** What a service's author writes: async functions and generators; everything grpc-js wants is wrapped around them. */
import type { DescMethod, DescService, Message, MessageShape } from '@bufbuild/protobuf';
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { errorCodes, type RefrainError, RefrainError as RefrainErrorClass, toRefrainError } from '@refrain/errors';
import type { Encoded } from './definition.ts';
import { toStatus } from './status.ts';

/** What a handler may know of the call beside the request. */
export interface CallContext {
  /** Aborted when the caller leaves or its deadline passes. */
  readonly signal: AbortSignal;
  /** Milliseconds left of the caller's deadline; undefined when it set none. */
  readonly remainingMs: number | undefined;
  /** A metadata value, by its lower-case name. */
  header(name: string): string | undefined;
}

type Input<M extends DescMethod> = MessageShape<M['input']>;
type Output<M extends DescMethod> = MessageShape<M['output']>;
type Handler<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? (request: Input<M>, context: CallContext) => Promise<Output<M> | Encoded>
  : (request: Input<M>, context: CallContext) => AsyncIterable<Output<M>>;

/** A handler for each method of a service. */
export type Handlers<S extends DescService> = { [K in keyof S['method']]: Handler<S['method'][K]> };

/** A service with its handlers, ready for `startGrpcServer`. */
export interface RegisteredService {
  readonly descriptor: DescService;
  readonly handlers: Record<string, (request: never, context: CallContext) => unknown>;
}

/** Hears of each finished call: its method's path, our code ('ok' for none), its milliseconds and, where it failed, the error. */
export type CallObserver = (method: string, code: string, milliseconds: number, error?: RefrainError) => void;

/** Pairs a service with its handlers. */
export function service<S extends DescService>(descriptor: S, handlers: Handlers<S>): RegisteredService {
  return { descriptor, handlers: handlers as unknown as RegisteredService['handlers'] };
}

type Call = ServerUnaryCall<Message, Message> | ServerWritableStream<Message, Message>;
type End = (error: RefrainError) => void;

/** The calls a server is answering. */
export class RunningCalls {
  readonly #ends: Set<End> = new Set();

  /** A call has begun; `end` ends it with an error. */
  begin(end: End): void {
    this.#ends.add(end);
  }

  /** A call is about to end; false where it was ended already. */
  finish(end: End): boolean {
    return this.#ends.delete(end);
  }

  /** Ends all that run: their callers get the error, their handlers hear that nobody waits. */
  endAll(error: RefrainError): void {
    for (const end of [...this.#ends]) end(error);
  }
}

/** Made once: an abort without a reason makes a DOMException with its stack for each call, those that ended well included. */
const callerLeft = new RefrainErrorClass('canceled', 'The caller left.');

/** Reads the call lazily: most handlers never look at the metadata, and a cache hit never at the signal. */
class Context implements CallContext {
  readonly #call: Call;
  #abort: AbortController | undefined;
  #isOver = false;

  constructor(call: Call) {
    this.#call = call;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.#call.cancelled || this.#isOver) abort.abort(callerLeft);
      else this.#call.once('cancelled', () => abort.abort(callerLeft));
    }
    return this.#abort.signal;
  }

  /** The call was ended while its handler runs. */
  abort(): void {
    this.#isOver = true;
    this.#abort?.abort(callerLeft);
  }

  get remainingMs(): number | undefined {
    const deadline = this.#call.getDeadline();
    const end = typeof deadline === 'number' ? deadline : deadline.getTime();
    return Number.isFinite(end) ? Math.max(0, end - Date.now()) : undefined;
  }

  header(name: string): string | undefined {
    const metadata: Metadata = this.#call.metadata;
    const value = metadata.get(name)[0];
    return typeof value === 'string' ? value : undefined;
  }
}

/** What wrapped handlers report to. */
export interface CallKeeping {
  readonly observe: CallObserver;
  /** Hears of each call whose request could not be read: no handler does. */
  readonly unread: (error: RefrainError) => void;
  readonly running: RunningCalls;
  /** A caller of a stream that takes nothing for so long is let go. */
  readonly stalledMs: number;
}

/** grpc-js does not catch a rejected handler: unwrapped it would end the process and leave the caller waiting. */
export function wrapUnary(
  path: string,
  handler: (request: Message, context: CallContext) => Promise<Message | Encoded>,
  { observe, running, unread }: CallKeeping,
): handleUnaryCall<Message, Message> {
  return (call, callback) => {
    const start = performance.now();
    const context = new Context(call);
    const fail = (thrown: unknown) => {
      if (!running.finish(fail)) return;
      const error = toRefrainError(thrown);
      observe(path, error.code, performance.now() - start, error);
      callback(toStatus(error));
      context.abort();
    };
    running.begin(fail);
    if (isFault(call.request)) {
      unread(call.request);
      return fail(call.request);
    }
    const succeed = (response: Message | Encoded) => {
      if (!running.finish(fail)) return;
      observe(path, 'ok', performance.now() - start);
      // What is encoded already is told apart by `responseSerialize`, which is ours too.
      callback(null, response as Message);
    };
    try {
      handler(call.request, context).then(succeed, fail);
    } catch (thrown) {
      // A handler that is no async function and throws before it promises anything; grpc-js would tell its words to the caller.
      fail(thrown);
    }
  };
}

/** Writes what the generator yields, at the caller's pace, and ends the generator when the caller leaves. */
export function wrapServerStream(
  path: string,
  handler: (request: Message, context: CallContext) => AsyncIterable<Message>,
  { observe, running, stalledMs, unread }: CallKeeping,
): handleServerStreamingCall<Message, Message> {
  return async (call) => {
    const start = performance.now();
    const context = new Context(call);
    let isOver = false;
    const fail = (thrown: unknown) => {
      if (!running.finish(fail)) return;
      isOver = true;
      const error = toRefrainError(thrown);
      observe(path, error.code, performance.now() - start, error);
      const { code, details, metadata } = toStatus(error);
      call.emit('error', { code: code ?? errorCodes.internal.grpc, details, metadata });
      context.abort();
    };
    running.begin(fail);
    try {
      if (isFault(call.request)) {
        unread(call.request);
        throw call.request;
      }
      for await (const message of handler(call.request, context)) {
        if (call.cancelled || isOver) break;
        if (!call.write(message)) await drained(call, stalledMs);
      }
      if (!running.finish(fail)) return;
      observe(path, call.cancelled ? 'canceled' : 'ok', performance.now() - start);
      call.end();
    } catch (thrown) {
      fail(thrown);
    }
  };
}

/** @throws RefrainError `deadline` when the caller takes nothing for so long: what waits for it must not wait for ever */
function drained(call: ServerWritableStream<Message, Message>, stalledMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(stalled);
      call.off('drain', done);
      call.off('cancelled', done);
    };
    const done = () => {
      leave();
      resolve();
    };
    const stalled = setTimeout(() => {
      leave();
      reject(new RefrainErrorClass('deadline', 'The caller takes nothing.', { reason: 'STALLED' }));
    }, stalledMs);
    call.once('drain', done);
    call.once('cancelled', done);
  });
}

function isFault(request: unknown): request is RefrainError {
  return request instanceof RefrainErrorClass;
}
