/**
 * The worker of one provider: takes requests from its three lanes, refuses at once what it cannot do (a refusal is no
 * attempt: the router goes on to somebody else), runs the rest and tells each frame by frame on its reply subject.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { create, fromBinary } from '@bufbuild/protobuf';
import type { Bus, BusMessage, Inbox, Subscription } from '@refrain/bus';
import {
  type Chat,
  ChatSchema,
  controlSubject,
  type Lane,
  lanes,
  type Usage,
  UsageRecordSchema,
  type WorkRequest,
  WorkRequestSchema,
  workSubject,
} from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { Logger, ProviderConfig } from '@refrain/service';
import type { Adapter, AdapterEvent } from './adapters/adapter.ts';
import { type AttemptEnd, runAttempt } from './attempt.ts';
import { toFailure } from './failure.ts';
import { type Interest, Interests } from './interest.ts';
import type { KeyPool, Lease, LeaseQuery } from './keys/lease.ts';
import type { WorkerMetrics } from './metrics.ts';
import { LaneQueue } from './queue.ts';
import type { UsageOutbox } from './settle.ts';
import { ToldAnswers } from './told-answers.ts';
import { Transcript } from './transcript.ts';
import { modelMissing } from './upstream/failures.ts';
import type { UpstreamFetch, UpstreamRequest } from './upstream/http.ts';
import { readToldLimits } from './upstream/told-limits.ts';
import { upperPromptTokens } from './usage.ts';
import { Watchdog } from './watchdog.ts';

/** What a worker is made of. */
export interface WorkerParts {
  readonly provider: string;
  readonly config: ProviderConfig;
  readonly adapter: Adapter;
  /** The adapter for a key that is used at another address than the provider's; absent where none is. */
  readonly adapterAt?: ((baseUrl: string) => Adapter) | undefined;
  /** Absent for keyless providers. */
  readonly keys?: KeyPool | undefined;
  readonly fetch: UpstreamFetch;
  readonly bus: Pick<Bus, 'subscribe' | 'inbox' | 'publish'>;
  readonly usage: Pick<UsageOutbox, 'put'>;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  /** Silence of a router after which nobody waits; 10 s. */
  readonly silenceMs?: number | undefined;
}

/** A request this worker has taken. */
interface Taken {
  readonly work: WorkRequest;
  readonly chat: Chat;
  readonly transcript: Transcript;
  readonly interest: Interest;
  readonly abort: AbortController;
  readonly takenAtMs: number;
  /** Takes it out of the queue, where it still waits there. */
  withdraw: () => boolean;
  /** Ends its waiting at its deadline. */
  waiting?: NodeJS.Timeout;
}

/** A request that has gone upstream. */
interface Asked {
  readonly events: AsyncIterable<AdapterEvent>;
  readonly lease: Lease | undefined;
  readonly remainingMs: number;
}

const goodbyeMs = 1000;
/** What an answer may be where nobody says. */
const defaultMaxTokens = 1000;
/** The provider's places are all taken: the request waits on. */
const placeIsTaken = 'PROVIDER_BUSY';

/** A worker at work. */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #queue: LaneQueue;
  readonly #interests: Interests;
  readonly #control: Inbox;
  readonly #subscriptions: readonly Subscription[];
  readonly #controls: Subscription;
  readonly #contextOf: ReadonlyMap<string, number>;
  readonly #taken: Set<Taken> = new Set();
  readonly #told: ToldAnswers = new ToldAnswers();
  #draining: Promise<void> | undefined;
  /** When what still runs is stopped. */
  #stopAtMs = Number.POSITIVE_INFINITY;

  /** Subscribes the provider's lanes and works until drained. */
  constructor(parts: WorkerParts) {
    const { bus, config, provider } = parts;
    this.#parts = parts;
    this.#queue = new LaneQueue(config.concurrency, config.queue);
    this.#interests = new Interests((attemptId, listener) => this.#retell(attemptId, listener), parts.silenceMs);
    this.#contextOf = new Map(config.models.map((model) => [model.name, model.contextTokens]));
    this.#control = bus.inbox((message) => this.#interests.receive(message));
    // Where a router says cancel before it knows which worker has its request.
    this.#controls = bus.subscribe(controlSubject(provider), {}, (message) => this.#interests.receive(message));
    this.#subscriptions = lanes.map((lane) =>
      bus.subscribe(workSubject(provider, lane), { queue: 'workers' }, (message) => this.#receive(lane, message)),
    );
  }

  /** Takes no more, lets what it has taken finish within `graceMs`, then stops it; a second call may shorten that. */
  drain(graceMs: number): Promise<void> {
    this.#stopAtMs = Math.min(this.#stopAtMs, performance.now() + graceMs);
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  #receive(lane: Lane, message: BusMessage): void {
    const work = fromBinary(WorkRequestSchema, message.data);
    const abort = new AbortController();
    const asker = message.reply ?? '';
    const transcript = new Transcript(work.attemptId, (listener, frame, mayWait) =>
      this.#send(listener, frame, { abort, mayWait }),
    );
    transcript.join(asker);
    const interest = this.#interests.watch(work.attemptId, asker, {
      onJoin: (listener) => transcript.join(listener),
      onLeave: (listener) => transcript.leave(listener),
      onAbandoned: (reason) => {
        abort.abort(reason);
        if (taken.withdraw()) this.#refuse(taken, reason);
      },
      onRenew: () => transcript.say(),
    });
    const chat = work.chat ?? create(ChatSchema);
    const takenAtMs = performance.now();
    const taken: Taken = { work, chat, transcript, interest, abort, takenAtMs, withdraw: () => false };
    this.#taken.add(taken);
    try {
      if (this.#draining) throw new RefrainError('overloaded', 'The worker is stopping.', { reason: 'BUSY' });
      if (!work.chat) throw new RefrainError('invalid', 'The work request has no chat.');
      this.#check(work);
      let isWaiting = true;
      const start = (entered: () => void) => {
        isWaiting = false;
        return this.#run(taken, entered);
      };
      taken.withdraw = this.#queue.submit(lane, start);
      if (isWaiting) this.#wait(taken);
    } catch (thrown) {
      this.#refuse(taken, toRefrainError(thrown));
    }
  }

  /** The router must know at once that its request has arrived, and where to renew its interest; it waits until its deadline at most. */
  #wait(taken: Taken): void {
    if (taken.waiting) return;
    taken.transcript.say({ case: 'queued', value: { controlSubject: this.#control.subject } });
    taken.interest.accepted();
    const late = () => {
      if (taken.withdraw()) this.#refuse(taken, deadlinePassed());
    };
    taken.waiting = setTimeout(late, Math.min(Math.max(0, remainingOf(taken)), longestTimerMs));
  }

  /** What can be known before the upstream is asked. Throws the refusal. */
  #check(work: WorkRequest): void {
    if (!this.#parts.adapter.has(work.model)) throw modelMissing();
  }

  async #run(taken: Taken, entered: () => void): Promise<'done' | 'again'> {
    let asked: Asked;
    try {
      asked = await this.#ask(taken);
    } catch (thrown) {
      const error = toRefrainError(thrown);
      if (error.reason !== placeIsTaken) this.#refuse(taken, error);
      else if (taken.abort.signal.aborted) this.#refuse(taken, toRefrainError(taken.abort.signal.reason));
      else if (remainingOf(taken) <= 0) this.#refuse(taken, deadlinePassed());
      else {
        this.#wait(taken);
        return 'again';
      }
      return 'done';
    }
    entered();
    await this.#attempt(taken, asked);
    return 'done';
  }

  async #attempt(taken: Taken, { events, lease, remainingMs }: Asked): Promise<void> {
    const { config, keys } = this.#parts;
    const { abort, chat, interest, transcript, work } = taken;
    const keyId = lease?.key.id ?? '';
    transcript.say({ case: 'accepted', value: { controlSubject: this.#control.subject, keyId } });
    if (abort.signal.aborted) {
      // NATS went away with this very frame: the upstream was not asked, so there is nothing to book.
      if (lease) keys?.settle(lease, { kind: 'unused' });
      this.#refuse(taken, toRefrainError(abort.signal.reason));
      return;
    }
    interest.accepted();
    const watchdog = new Watchdog({ ...config, remainingMs }, (reason) => abort.abort(reason));
    const onEnd = (usage: Usage, error?: RefrainError) => {
      const tokens = usage.promptTokens + usage.completionTokens;
      if (lease) keys?.settle(lease, { kind: 'ended', tokens, error });
    };
    // What is the provider's own fault is no reason to take another key.
    const otherKeys = async (error: RefrainError) => {
      if (!keys || !keyFaults.has(error.code)) return false;
      return keys.available({ ...queryOf(taken), excluded: [...work.excludedKeyIds, keyId], preferred: '' });
    };
    const parts = { chat, events, transcript, watchdog, keyId, secret: lease?.key.secret };
    const end = await runAttempt({ ...parts, onEnd, otherKeys });
    watchdog.end();
    if (end.outcome === 'completed') this.#told.put(work.attemptId, transcript.frames);
    this.#forget(taken);
    this.#settle(taken, end, keyId);
  }

  /** Takes a key and goes upstream (the iterable asks when it is read). Throws the refusal. */
  async #ask(taken: Taken): Promise<Asked> {
    const { abort, chat, work } = taken;
    const { adapter, adapterAt, keys } = this.#parts;
    abort.signal.throwIfAborted();
    this.#check(work);
    if (remainingOf(taken) <= 0) throw deadlinePassed();
    const lease = await keys?.lease(queryOf(taken));
    try {
      abort.signal.throwIfAborted();
      const call = { model: work.model, chat, contextTokens: this.#contextOf.get(work.model) };
      const { baseUrl } = lease?.key.group ?? {};
      const speaker = baseUrl === undefined ? adapter : (adapterAt?.(baseUrl) ?? adapter);
      const fetch = (request: UpstreamRequest) => this.#fetch(request, lease);
      const events = speaker.stream(call, { fetch, signal: abort.signal, key: lease?.key.secret });
      return { events, lease, remainingMs: remainingOf(taken) };
    } catch (thrown) {
      if (lease) keys?.settle(lease, { kind: 'unused' });
      throw thrown;
    }
  }

  /** Asks the upstream; the pool hears what the head of its reply says of the key. */
  async #fetch(request: UpstreamRequest, lease: Lease | undefined) {
    const response = await this.#parts.fetch(request);
    if (lease) {
      const limits = readToldLimits(response.headers, Date.now());
      this.#parts.keys?.told(lease, { isTaken: response.status === 200, limits });
    }
    return response;
  }

  #refuse(taken: Taken, error: RefrainError): void {
    const { metrics, provider } = this.#parts;
    this.#forget(taken);
    metrics.refused(provider, error.reason);
    taken.transcript.say({ case: 'failure', value: toFailure(error) });
  }

  #forget(taken: Taken): void {
    clearTimeout(taken.waiting);
    taken.interest.end();
    this.#taken.delete(taken);
  }

  /** A router joins what is over: it hears the answer, or that there is none to hear. */
  #retell(attemptId: string, listener: string): void {
    const abort = new AbortController();
    const told = this.#told.get(attemptId);
    for (const frame of told ?? []) this.#send(listener, frame, { abort, mayWait: false });
    if (told) return;
    const transcript = new Transcript(attemptId, (to, frame, mayWait) => this.#send(to, frame, { abort, mayWait }));
    transcript.join(listener);
    const unknown = new RefrainError('unavailable', 'The attempt is over.', { reason: 'ATTEMPT_OVER' });
    transcript.say({ case: 'failure', value: toFailure(unknown) });
  }

  /** Sends a frame. While the bus is away the routers have heard so too, and nobody waits for the rest. */
  #send(listener: string, frame: Uint8Array, how: { abort: AbortController; mayWait: boolean }): void {
    const { abort, mayWait } = how;
    try {
      this.#parts.bus.publish(listener, frame, { mayWait });
    } catch (cause) {
      abort.abort(new RefrainError('canceled', 'The answer has nowhere to go.', { reason: 'ABANDONED', cause }));
    }
  }

  #settle({ takenAtMs, work }: Taken, end: AttemptEnd, keyId: string): void {
    const { log, metrics, provider, usage } = this.#parts;
    const ms = performance.now() - takenAtMs;
    const { attemptId, model, requestId, tenant, user } = work;
    metrics.ended(provider, end.outcome, ms / 1000);
    const fields = { provider, model, attemptId, requestId, ms: Math.round(ms) };
    if (end.error) {
      const { code, reason } = end.error;
      const level = code === 'internal' ? 'error' : code === 'upstream_denied' ? 'warn' : 'info';
      log[level]({ ...fields, code, reason, err: end.error, keyId }, 'attempt failed');
    } else log.debug(fields, 'attempt completed');
    const whose = { attemptId, requestId, tenant, user, provider, model, keyId };
    const { outcome, usage: used } = end;
    usage.put(create(UsageRecordSchema, { ...whose, usage: used, outcome, finishedAtMs: BigInt(Date.now()) }));
  }

  async #drain(): Promise<void> {
    const idle = () => this.#queue.running === 0 && this.#queue.waiting === 0;
    // While the bus is away its subscriptions cannot say goodbye: that must not hold up what runs.
    const leave = (subscriptions: readonly Subscription[]) =>
      Promise.race([Promise.allSettled(subscriptions.map((each) => each.drain())), delay(goodbyeMs)]);
    await leave(this.#subscriptions);
    await until(idle, () => this.#stopAtMs);
    const stopping = new RefrainError('unavailable', 'The worker is stopping.', { reason: 'STOPPING' });
    for (const each of this.#taken) each.abort.abort(stopping);
    const endMs = performance.now() + goodbyeMs;
    await until(idle, () => endMs);
    this.#control.close();
    await leave([this.#controls]);
  }
}

/** Faults of a key, or of the account behind it. */
const keyFaults: ReadonlySet<string> = new Set(['upstream_exhausted', 'upstream_denied']);
/** Node's timers fire at once beyond this (24 days). */
const longestTimerMs = 2 ** 31 - 1;

function remainingOf({ takenAtMs, work }: Taken): number {
  return work.remainingMs - (performance.now() - takenAtMs);
}

function deadlinePassed(): RefrainError {
  return new RefrainError('deadline', 'The deadline passed while the request waited.');
}

function queryOf({ chat, work }: Taken): LeaseQuery {
  const { attemptId, model, excludedKeyIds, preferredKeyId } = work;
  const want = { promptTokens: upperPromptTokens(chat), outputTokens: chat.maxTokens ?? defaultMaxTokens };
  return { attemptId, model, want, excluded: excludedKeyIds, preferred: preferredKeyId };
}

/** Waits for a condition, at most until a moment that may come nearer meanwhile. */
async function until(condition: () => boolean, endMs: () => number): Promise<void> {
  while (!condition() && performance.now() < endMs()) await delay(10);
}
