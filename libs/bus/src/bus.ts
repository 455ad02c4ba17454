/** What the mesh asks of NATS. Errors are RefrainError; `unavailable` with reason NO_RESPONDERS, BUS_DOWN or WORKER_SILENT, unless said otherwise. */

/** A message that came in. */
export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  header(name: string): string | undefined;
  /** Where an answer is expected; undefined where none is. */
  readonly reply: string | undefined;
  /** Answers, where an answer is expected. @throws like `publish` */
  respond(data: Uint8Array, headers?: Readonly<Record<string, string>>): void;
}

/** What is listened to until it is stopped. */
export interface Subscription {
  /** Takes no new message; what has arrived is still handled. */
  drain(): Promise<void>;
}

/** A stream that is read until it is stopped. */
export interface Reading extends Subscription {
  /** Why it cannot be read now though NATS is there, in the server's words; empty where it can. */
  readonly fault: string;
}

/** A private subject others may write to. */
export interface Inbox {
  readonly subject: string;
  close(): void;
}

/** What goes along with a message. */
export interface PublishOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Where answers go; when nobody listens on the subject, NATS says so there. */
  readonly reply?: string;
  /** It is in no hurry: it leaves with the next message that goes out, or by itself after 5 ms. The order stays. */
  readonly mayWait?: boolean;
}

/** How one question is asked. */
export interface RequestOptions {
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a stream of answers is read. */
export interface StreamOptions {
  readonly signal: AbortSignal;
  /** Silence that ends the stream, in milliseconds; a function is asked anew after each answer. */
  readonly idleMs: number | (() => number);
  /** Told the stream's private reply subject: who publishes with it as `reply` hears of an absent listener on this stream. */
  readonly onOpen?: (reply: string) => void;
}

/** A JetStream stream that must exist. */
export interface StreamDefinition {
  readonly name: string;
  readonly subjects: readonly string[];
  /**
   * `work-queue`: a message is gone once somebody has done it. `last-each`: the next one on the same subject replaces it. Absent: it
   * stays until its age or the stream's size ends it.
   */
  readonly retention?: 'work-queue' | 'last-each';
  /** Absent: a full stream refuses what is new. */
  readonly whenFull?: 'drop-oldest';
  readonly maxAgeSeconds: number;
  readonly maxBytes: number;
  readonly duplicateWindowSeconds: number;
}

/** How a work queue is taken from. */
export interface TakeOptions {
  /** Takers of one name share the work. */
  readonly name: string;
  /** So long after its taker was last heard of a message is given to somebody else; a taker that works on it is heard of more often. */
  readonly ackWaitMs: number;
  /** Deliveries of one message at most. */
  readonly tries: number;
  /** Messages that are under way or put off, over all takers; while there are as many nothing new is delivered. Absent: 1,000. */
  readonly mostWaiting?: number;
}

/** Which part of a stream is read. */
export interface ReplayOptions {
  /** Messages that came before are left out; milliseconds since 1970. */
  readonly sinceMs: number;
  /** What comes later is read too, until this is aborted; absent: what is there now. */
  readonly follow?: AbortSignal;
}

/** A message as its stream keeps it. */
export type StoredMessage = Pick<BusMessage, 'data' | 'header'>;

/** Handles one message; `isLast` says that it will not come again. A handler that throws has a bug: its message is not tried again. */
export type QueueHandler = (
  data: Uint8Array,
  about: { readonly isLast: boolean },
) => Promise<'done' | { readonly retryMs: number }>;

/** How a stream is read by batches. */
export interface BatchOptions {
  /** Readers of one name share the messages; the name's place in the stream survives them. */
  readonly name: string;
  /** So long after it was handed over a message that nobody settled is given to somebody else. */
  readonly ackWaitMs: number;
  /** Messages at once, at most. */
  readonly batch: number;
}

/** Handles messages together. A handler that throws has a bug: its messages are not tried again. */
export type BatchHandler = (messages: readonly Uint8Array[]) => Promise<'done' | { readonly retryMs: number }>;

/** A value, and which of its changes it is. */
export interface KeptValue {
  readonly data: Uint8Array;
  readonly revision: number;
}

/** Values by subject on a stream of retention `last-each`. Everything throws `unavailable` where JetStream is not reached. */
export interface Kept {
  /** Undefined where nothing is kept. */
  get(subject: string): Promise<KeptValue | undefined>;
  /**
   * Keeps a value in the place of the one with this revision, 0 where there must be none; gives its own revision, undefined where
   * somebody else has changed it.
   */
  put(subject: string, data: Uint8Array, revision: number): Promise<number | undefined>;
  remove(subject: string): Promise<void>;
  /** Everything on a subject with `*` in it, in no order. */
  list(filter: string): AsyncIterable<KeptValue>;
}

/** A connection to NATS. */
export interface Bus {
  readonly connected: boolean;
  /**
   * Sends at the end of this turn of the event loop, or a little later what may wait.
   * @throws BUS_DOWN while disconnected (NATS itself would drop it without a word), MESSAGE_TOO_LARGE beyond `max_payload`.
   */
  publish(subject: string, data: Uint8Array, options?: PublishOptions): void;
  /** A handler that throws is logged and disturbs nothing else. */
  subscribe(subject: string, options: { queue?: string }, handler: (message: BusMessage) => void): Subscription;
  /** Asks and waits for one answer. */
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<BusMessage>;
  /** Asks and reads every answer until the reader stops. Ends with an error on no responders, silence, abort or a lost connection. */
  stream(subject: string, data: Uint8Array, options: StreamOptions): AsyncIterable<Uint8Array>;
  inbox(handler: (message: BusMessage) => void): Inbox;
  /** Makes a JetStream stream, or brings its limits up to date. */
  ensureStream(definition: StreamDefinition): Promise<void>;
  /** Publishes to JetStream until it is acknowledged, with one id, so that a repeat is not a second message. Bounded tries. */
  publishDurable(subject: string, data: Uint8Array, options: { id: string }): Promise<void>;
  /** Takes messages of a work queue, one after the other, as soon as and as long as JetStream is there. Makes the stream where it is missing. */
  takeWork(definition: StreamDefinition, options: TakeOptions, handle: QueueHandler): Reading;
  /** Reads a stream by batches, a second apart while it brings few, as soon as and as long as JetStream is there. Makes it where it is missing. */
  takeBatches(definition: StreamDefinition, options: BatchOptions, handle: BatchHandler): Subscription;
  /**
   * Reads a stream from a time on, in its order, and takes nothing off it. A stream that does not exist is an empty one. Who follows
   * outlives the loss of the connection.
   * @throws RefrainError `unavailable`: BUS_DOWN, or NO_JETSTREAM from a server that keeps no streams
   */
  replay(definition: StreamDefinition, options: ReplayOptions): AsyncIterable<StoredMessage>;
  /** Values on a stream, which is made with the first use. */
  kept(definition: StreamDefinition): Kept;
  /** Lets what is under way end, then closes. */
  drain(): Promise<void>;
}
