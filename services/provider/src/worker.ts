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
import type { KeyPool, PooledKey } from './keys.ts';
import type { WorkerMetrics } from './metrics.ts';
import { LaneQueue } from './queue.ts';
import type { UsageOutbox } from './settle.ts';
import { ToldAnswers } from './told-answers.ts';
import { Transcript } from './transcript.ts';
import { modelMissing } from './upstream/failures.ts';
import type { UpstreamFetch } from './upstream/http.ts';
import { Watchdog } from './watchdog.ts';

/** What a worker is made of. */
export interface WorkerParts {
  readonly provider: string;
  readonly config: ProviderConfig;
  readonly adapter: Adapter;
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
}

/** A request that has gone upstream. */
interface Asked {
  readonly events: AsyncIterable<AdapterEvent>;
  readonly key: PooledKey | undefined;
  readonly remainingMs: number;
}

const goodbyeMs = 1000;

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

  /** Takes no more, lets what it has taken finish within `graceMs`, then stops it. */
  drain(graceMs: number): Promise<void> {
    this.#draining ??= this.#drain(graceMs);
    return this.#draining;
  }

  #receive(lane: Lane, message: BusMessage): void {
    const work = fromBinary(WorkRequestSchema, message.data);
    const abort = new AbortController();
    let withdraw = () => false;
    const asker = message.reply ?? '';
    const transcript = new Transcript(work.attemptId, (listener, frame) => this.#send(listener, frame, abort));
    transcript.join(asker);
    const interest = this.#interests.watch(work.attemptId, asker, {
      onJoin: (listener) => transcript.join(listener),
      onLeave: (listener) => transcript.leave(listener),
      onAbandoned: (reason) => {
        abort.abort(reason);
        if (withdraw()) this.#refuse(taken, reason);
      },
      onRenew: () => transcript.say(),
    });
    const chat = work.chat ?? create(ChatSchema);
    const taken: Taken = { work, chat, transcript, interest, abort, takenAtMs: performance.now() };
    this.#taken.add(taken);
    try {
      if (this.#draining) throw new RefrainError('overloaded', 'The worker is stopping.', { reason: 'BUSY' });
      if (!work.chat) throw new RefrainError('invalid', 'The work request has no chat.');
      this.#check(work);
      withdraw = this.#queue.submit(lane, () => this.#run(taken));
      if (taken.transcript.frames.length === 0) this.#tellQueued(taken);
    } catch (thrown) {
      this.#refuse(taken, toRefrainError(thrown));
    }
  }

  /** The router must know at once that its request has arrived, and where to renew its interest while it waits. */
  #tellQueued({ interest, transcript }: Taken): void {
    transcript.say({ case: 'queued', value: { controlSubject: this.#control.subject } });
    interest.accepted();
  }

  /** What can be known before the upstream is asked. Throws the refusal. */
  #check(work: WorkRequest): void {
    const { adapter, keys } = this.#parts;
    if (!adapter.has(work.model)) throw modelMissing();
    const query = { model: work.model, excluded: work.excludedKeyIds };
    if (keys && !keys.available(query)) keys.take(query);
  }

  async #run(taken: Taken): Promise<void> {
    let asked: Asked;
    try {
      asked = this.#ask(taken);
    } catch (thrown) {
      this.#refuse(taken, toRefrainError(thrown));
      return;
    }
    const { config, keys } = this.#parts;
    const { abort, chat, interest, transcript, work } = taken;
    const { events, key, remainingMs } = asked;
    const keyId = key?.id ?? '';
    transcript.say({ case: 'accepted', value: { controlSubject: this.#control.subject, keyId } });
    if (abort.signal.aborted) {
      // NATS went away with this very frame: the upstream was not asked, so there is nothing to book.
      this.#refuse(taken, toRefrainError(abort.signal.reason));
      return;
    }
    interest.accepted();
    const watchdog = new Watchdog({ ...config, remainingMs }, (reason) => abort.abort(reason));
    const onFailure = (error: RefrainError) => {
      if (key) keys?.report(keyId, work.model, error);
      return keys?.available({ model: work.model, excluded: [...work.excludedKeyIds, keyId] }) ?? false;
    };
    const end = await runAttempt({ chat, events, transcript, watchdog, keyId, secret: key?.secret, onFailure });
    watchdog.end();
    if (end.outcome === 'completed') this.#told.put(work.attemptId, transcript.frames);
    this.#forget(taken);
    this.#settle(taken, end, keyId);
  }

  /** Goes upstream (the iterable asks when it is read). Throws the refusal. */
  #ask({ abort, chat, takenAtMs, work }: Taken): Asked {
    const { adapter, fetch, keys } = this.#parts;
    abort.signal.throwIfAborted();
    const remainingMs = work.remainingMs - (performance.now() - takenAtMs);
    if (remainingMs <= 0) throw new RefrainError('deadline', 'The deadline passed while the request waited.');
    this.#check(work);
    const key = keys?.take({ model: work.model, excluded: work.excludedKeyIds });
    const call = { model: work.model, chat, contextTokens: this.#contextOf.get(work.model) };
    return { events: adapter.stream(call, { fetch, signal: abort.signal, key: key?.secret }), key, remainingMs };
  }

  #refuse(taken: Taken, error: RefrainError): void {
    const { metrics, provider } = this.#parts;
    this.#forget(taken);
    metrics.refused(provider, error.reason);
    taken.transcript.say({ case: 'failure', value: toFailure(error) });
  }

  #forget(taken: Taken): void {
    taken.interest.end();
    this.#taken.delete(taken);
  }

  /** A router joins what is over: it hears the answer, or that there is none to hear. */
  #retell(attemptId: string, listener: string): void {
    const abort = new AbortController();
    const told = this.#told.get(attemptId);
    for (const frame of told ?? []) this.#send(listener, frame, abort);
    if (told) return;
    const transcript = new Transcript(attemptId, (to, frame) => this.#send(to, frame, abort));
    transcript.join(listener);
    const unknown = new RefrainError('unavailable', 'The attempt is over.', { reason: 'ATTEMPT_OVER' });
    transcript.say({ case: 'failure', value: toFailure(unknown) });
  }

  /** Sends a frame. While the bus is away the routers have heard so too, and nobody waits for the rest. */
  #send(listener: string, frame: Uint8Array, abort: AbortController): void {
    try {
      this.#parts.bus.publish(listener, frame);
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

  async #drain(graceMs: number): Promise<void> {
    const idle = () => this.#queue.running === 0 && this.#queue.waiting === 0;
    // While the bus is away its subscriptions cannot say goodbye: that must not hold up what runs.
    const leave = (subscriptions: readonly Subscription[]) =>
      Promise.race([Promise.allSettled(subscriptions.map((each) => each.drain())), delay(goodbyeMs)]);
    await leave(this.#subscriptions);
    await until(idle, graceMs);
    const stopping = new RefrainError('unavailable', 'The worker is stopping.', { reason: 'STOPPING' });
    for (const each of this.#taken) each.abort.abort(stopping);
    await until(idle, goodbyeMs);
    this.#control.close();
    await leave([this.#controls]);
  }
}

/** Waits for a condition, at most so long. */
async function until(condition: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition() && performance.now() < end) await delay(10);
}
