/**
 * The worker of one provider: takes requests from its three lanes, refuses at once what it cannot do (a refusal is no
 * attempt: the router goes on to somebody else), runs the rest and tells each frame by frame on its reply subject.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { create, fromBinary } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import {
  type Chat,
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
import { Interests } from './interest.ts';
import type { KeyPool, PooledKey } from './keys.ts';
import type { WorkerMetrics } from './metrics.ts';
import { LaneQueue } from './queue.ts';
import { type SettleBus, storeUsage } from './settle.ts';
import { Transcript } from './transcript.ts';
import { modelMissing } from './upstream/failures.ts';
import type { UpstreamFetch } from './upstream/http.ts';
import { Watchdog } from './watchdog.ts';

/** What a worker uses of the bus. */
export type WorkerBus = SettleBus & Pick<Bus, 'subscribe' | 'inbox'>;

/** What a worker is made of. */
export interface WorkerParts {
  readonly provider: string;
  readonly config: ProviderConfig;
  readonly adapter: Adapter;
  /** Absent for keyless providers. */
  readonly keys?: KeyPool | undefined;
  readonly fetch: UpstreamFetch;
  readonly bus: WorkerBus;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  /** Silence of a router after which nobody waits; 10 s. */
  readonly silenceMs?: number;
}

/** A worker at work. */
export interface Worker {
  readonly provider: string;
  /** Attempts under way and waiting. */
  load(): { readonly running: number; readonly waiting: number };
  /** Takes no more, lets what runs finish within `graceMs`, then stops it; all usage records are out afterwards. */
  drain(graceMs: number): Promise<void>;
}

const goodbyeMs = 1000;

interface Taken {
  readonly work: WorkRequest;
  readonly chat: Chat;
  readonly transcript: Transcript;
  readonly takenAtMs: number;
}

/** Subscribes the lanes of a provider and works until drained. */
export function startWorker(parts: WorkerParts): Worker {
  const { adapter, bus, config, keys, log, metrics, provider } = parts;
  const queue = new LaneQueue(config.concurrency, config.queue);
  const interests = new Interests(parts.silenceMs);
  const control = bus.inbox((data) => interests.receive(data));
  const contextOf = new Map(config.models.map((model) => [model.name, model.contextTokens]));
  const underWay = new Set<AbortController>();
  const pending = new Set<Promise<unknown>>();
  let draining = false;

  const refuse = (taken: Taken, error: RefrainError) => {
    metrics.refused(provider, error.reason);
    const { code, message, reason, retryAfterMs } = error;
    taken.transcript.say({
      case: 'failure',
      value: { code, message, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) },
    });
  };

  /** What can be known before the upstream is asked. Throws the refusal. */
  const check = (work: WorkRequest) => {
    if (draining) throw new RefrainError('overloaded', 'The worker is stopping.', { reason: 'BUSY', retryAfterMs: 0 });
    if (!adapter.has(work.model)) throw modelMissing();
    const query = { model: work.model, excluded: work.excludedKeyIds };
    if (keys && !keys.available(query)) keys.take(query);
  };

  const receive = (lane: Lane, data: Uint8Array, send: (frame: Uint8Array) => void) => {
    const work = fromBinary(WorkRequestSchema, data);
    if (!work.chat) throw new TypeError('a work request without a chat');
    const taken: Taken = {
      work,
      chat: work.chat,
      transcript: new Transcript(work.attemptId, send),
      takenAtMs: performance.now(),
    };
    try {
      check(work);
      queue.submit(lane, () => run(taken));
    } catch (thrown) {
      refuse(taken, toRefrainError(thrown));
    }
  };

  const run = async (taken: Taken): Promise<void> => {
    const { work, chat, transcript } = taken;
    const remainingMs = work.remainingMs - (performance.now() - taken.takenAtMs);
    const abort = new AbortController();
    let key: PooledKey | undefined;
    let events: AsyncIterable<AdapterEvent>;
    try {
      if (remainingMs <= 0) throw new RefrainError('deadline', 'The deadline passed while the request waited.');
      check(work);
      key = keys?.take({ model: work.model, excluded: work.excludedKeyIds });
      const call = { model: work.model, chat, contextTokens: contextOf.get(work.model) };
      events = adapter.stream(call, { fetch: parts.fetch, signal: abort.signal, key: key?.secret });
    } catch (thrown) {
      refuse(taken, toRefrainError(thrown));
      return;
    }
    const keyId = key?.id ?? '';
    transcript.say({ case: 'accepted', value: { controlSubject: control.subject, keyId } });
    underWay.add(abort);
    const stop = (reason: RefrainError) => abort.abort(reason);
    const forget = interests.watch(work.attemptId, stop);
    const watchdog = new Watchdog({ ...config, remainingMs }, stop);
    const onFailure = (error: RefrainError) => {
      if (keyId !== '') keys?.report(keyId, work.model, error);
      return keys?.available({ model: work.model, excluded: [...work.excludedKeyIds, keyId] }) ?? false;
    };
    const end = await runAttempt({ chat, events, transcript, watchdog, keyId, onFailure });
    watchdog.end();
    forget();
    underWay.delete(abort);
    settle(taken, end, keyId);
  };

  const settle = (taken: Taken, end: AttemptEnd, keyId: string) => {
    const { work } = taken;
    const ms = performance.now() - taken.takenAtMs;
    metrics.ended(provider, end.outcome, ms / 1000);
    const fields = {
      provider,
      model: work.model,
      attemptId: work.attemptId,
      requestId: work.requestId,
      ms: Math.round(ms),
    };
    if (end.error) {
      const { code, reason } = end.error;
      const level = code === 'internal' ? 'error' : code === 'upstream_denied' ? 'warn' : 'info';
      log[level]({ ...fields, code, reason, err: end.error, keyId }, 'attempt failed');
    } else log.debug(fields, 'attempt completed');
    const record = create(UsageRecordSchema, {
      attemptId: work.attemptId,
      requestId: work.requestId,
      tenant: work.tenant,
      user: work.user,
      provider,
      model: work.model,
      keyId,
      usage: end.usage,
      outcome: end.outcome,
      finishedAtMs: BigInt(Date.now()),
    });
    const sent = storeUsage(bus, record).catch((err: unknown) => {
      metrics.usageLost(provider);
      log.error({ ...fields, err, usage: end.usage, outcome: end.outcome }, 'a usage record was lost');
    });
    pending.add(sent);
    void sent.finally(() => pending.delete(sent));
  };

  const subscriptions = lanes.map((lane) =>
    bus.subscribe(workSubject(provider, lane), { queue: 'workers' }, (message) => {
      try {
        receive(lane, message.data, (frame) => message.respond(frame));
      } catch (err) {
        // Not a WorkRequest, or the bus is away: there is nobody to tell.
        log.warn({ provider, lane, err }, 'a request could not be taken');
      }
    }),
  );

  const drain = async (graceMs: number) => {
    draining = true;
    const idle = () => queue.running === 0 && queue.waiting === 0;
    // While the bus is away its subscriptions cannot say goodbye: that must not hold up what runs.
    const leaving = Promise.allSettled(subscriptions.map((subscription) => subscription.drain()));
    await Promise.race([leaving, delay(goodbyeMs)]);
    await until(idle, graceMs);
    const stopping = new RefrainError('unavailable', 'The worker is stopping.', { reason: 'STOPPING' });
    for (const abort of underWay) abort.abort(stopping);
    await until(idle, goodbyeMs);
    control.close();
    await Promise.allSettled(pending);
  };
  let drained: Promise<void> | undefined;

  return {
    provider,
    load: () => ({ running: queue.running, waiting: queue.waiting }),
    drain: (graceMs) => {
      drained ??= drain(graceMs);
      return drained;
    },
  };
}

/** Waits for a condition, at most so long. */
async function until(condition: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition() && performance.now() < end) await delay(10);
}
