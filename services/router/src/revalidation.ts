/**
 * Answers whose time has just run out are served once more, and asked afresh behind the caller's back: nobody waits when an entry ends,
 * and its end brings no burst. At most one asks for a question at a time, over all routers (it is a flight like any other), and after its
 * end, good or bad, the question rests: while a provider is away its hits must not become so many attempts.
 */
import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { CacheMode, OptionsSchema, Source } from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import { Deadline } from '@refrain/resilience';
import type { Question } from './ask.ts';
import type { RouterMetrics } from './metrics.ts';
import { collect } from './reply.ts';
import type { Flights, Lead } from './steps/coalesce.ts';

/** What it stands on. */
export interface RevalidationParts {
  readonly flights: Pick<Flights, 'join'>;
  /** Asks the providers, and remembers what they say. */
  readonly lead: (question: Question) => Lead;
  readonly metrics: Pick<RouterMetrics, 'revalidated'>;
}

/** Asked for at once; callers come first, and an answer that is refreshed by the next hit is early enough. */
const maximumRunning = 32;
const maximumResting = 10_000;
const restMs = 5000;
/** What runs when the process stops may end within it. */
const graceMs = 1000;

/** Asks afresh in the background. */
export class Revalidation {
  readonly #parts: RevalidationParts;
  readonly #running: Map<Promise<void>, AbortController> = new Map();
  /** Questions that are being asked, or were a moment ago. */
  readonly #resting: Set<string> = new Set();

  constructor(parts: RevalidationParts) {
    this.#parts = parts;
  }

  /** The question was answered by what is past its time. Comes back at once; whatever happens, no caller hears of it. */
  start(question: Question): void {
    const { caller, exactKey, able, cacheMode } = question;
    // Where nothing is kept nothing is asked for either.
    if (cacheMode !== CacheMode.UNSPECIFIED || !able.store) return;
    const key = `${exactKey}/${caller.tier}`;
    if (this.#resting.has(key)) return;
    if (this.#running.size >= maximumRunning || this.#resting.size >= maximumResting) {
      this.#parts.metrics.revalidated('busy');
      return;
    }
    this.#resting.add(key);
    const abort = new AbortController();
    const run = this.#run(toRevalidation(question, abort.signal)).finally(() => {
      this.#running.delete(run);
      setTimeout(() => this.#resting.delete(key), restMs).unref();
    });
    this.#running.set(run, abort);
  }

  async #run(question: Question): Promise<void> {
    const { flights, lead, metrics } = this.#parts;
    try {
      const answer = await collect(await flights.join(question, lead(question)));
      const isOwn = answer.provenance?.source === Source.PROVIDER;
      metrics.revalidated(isOwn ? 'asked' : 'shared', answer);
    } catch (thrown) {
      metrics.revalidated(toRefrainError(thrown).code);
    }
  }

  /** Lets what runs end, for a second; then it is called off. */
  async drain(): Promise<void> {
    const ended = Promise.all(this.#running.keys());
    await Promise.race([ended, delay(graceMs, undefined, { ref: false })]);
    for (const abort of this.#running.values()) abort.abort(new RefrainError('canceled', 'The router stops.'));
    await ended;
  }
}

/** The same question, asked by nobody who waits. What it keeps is kept as its caller's would be. */
function toRevalidation(question: Question, signal: AbortSignal): Question {
  const { ask, settings } = question;
  const { tags = [], ttlSeconds } = ask.options ?? {};
  const options = create(OptionsSchema, { tags, ...(ttlSeconds !== undefined && { ttlSeconds }) });
  return {
    ...question,
    requestId: randomUUIDv7(),
    ask: { chat: ask.chat, options, credentials: {}, signal, face: ask.face },
    lane: 'low',
    deadline: new Deadline(settings.mesh.limits.deadlineMs),
    beganAtMs: performance.now(),
    isRevalidation: true,
  };
}
