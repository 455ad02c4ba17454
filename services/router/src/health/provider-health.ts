/**
 * What a router knows of its providers, and whether one more request should go there: breakers for each model, adaptive throttling for
 * each provider (Site Reliability Engineering, "Handling Overload": who is asked more than K times as often as it answers is asked no
 * more than that), one budget of retries for all, and how soon each model speaks. All of it is in memory but for a breaker's probe.
 */
import { RefrainError } from '@refrain/errors';
import { type Clock, RollingCount, systemClock } from '@refrain/resilience';
import type { MeshConfig } from '@refrain/service';
import type { Breakers } from './breakers.ts';
import { Latencies } from './latencies.ts';

const throttleWindowMs = 120_000;
const retryWindowMs = 10_000;
/** An operator who knows that nobody serves a provider need not hear it with each request. */
const unservedQuietMs = 3_600_000;

/** How an attempt ended, for the provider's health: `failed` is its own fault, `unsaid` neither speaks for it nor against it. */
export type Ending = 'answered' | 'failed' | 'unsaid';

/** One attempt that may go; whoever has it says once how it ended. */
export interface Permit {
  /** The first piece came. */
  spoke(): void;
  end(ending: Ending): void;
}

/** The sections of `refrain.yaml` it goes by. */
export type HealthLimits = Pick<MeshConfig['limits'], 'breaker' | 'retries' | 'throttle'>;

/** What health tells whoever counts. */
export interface HealthMetrics {
  breakerOpened(provider: string, model: string): void;
  /** Not asked because of `breaker` or `throttle`; `retry`, `hedge`: not asked again or beside another, the budget was used up. */
  spared(provider: string, why: 'breaker' | 'throttle' | 'retry' | 'hedge'): void;
  /** Asked beside one that was slow, and spoke first. */
  hedged(provider: string, what: 'started' | 'won'): void;
}

/** What it stands on. */
export interface HealthOptions {
  readonly breakers: Breakers;
  readonly metrics: HealthMetrics;
  /** Hears of a provider that no worker serves, once an hour. */
  readonly onUnserved?: (provider: string) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

interface Accepts {
  readonly requests: RollingCount;
  readonly accepts: RollingCount;
}

/** The health of all providers as one router sees it. */
export class ProviderHealth {
  readonly #breakers: Breakers;
  readonly #metrics: HealthMetrics;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #providers: Map<string, Accepts> = new Map();
  readonly #latencies: Latencies;
  readonly #firsts: RollingCount;
  readonly #retries: RollingCount;
  readonly #onUnserved: HealthOptions['onUnserved'];
  readonly #unservedAtMs: Map<string, number> = new Map();

  constructor({ breakers, clock = systemClock, metrics, onUnserved, random = Math.random }: HealthOptions) {
    this.#breakers = breakers;
    this.#metrics = metrics;
    this.#onUnserved = onUnserved;
    this.#clock = clock;
    this.#random = random;
    this.#latencies = new Latencies(clock);
    this.#firsts = new RollingCount(retryWindowMs, clock);
    this.#retries = new RollingCount(retryWindowMs, clock);
  }

  /** Milliseconds to a model's first piece, the middle of its last calls. */
  p50Ms(provider: string, model: string): number | undefined {
    return this.#latencies.p50Ms(`${provider}/${model}`);
  }

  /** What all but one of twenty of its last calls took; undefined where too few are known. */
  p95Ms(provider: string, model: string): number | undefined {
    return this.#latencies.p95Ms(`${provider}/${model}`);
  }

  /** Whether a model's breaker lets nobody through now. */
  isOpen(provider: string, model: string): boolean {
    return this.#breakers.openMs(`${provider}/${model}`) > 0;
  }

  /** A request sets out: retries are measured by these. */
  began(): void {
    this.#firsts.add();
  }

  /** Whether a model may be asked a second time for one request; if so that is counted. */
  mayRetry(provider: string, limits: HealthLimits): boolean {
    return this.#takeRetry(provider, limits, 'retry');
  }

  /** Whether a model may be asked beside one that is slow, from the same budget as retries; if so that is counted. */
  mayHedge(provider: string, limits: HealthLimits): boolean {
    const isLeft = this.#takeRetry(provider, limits, 'hedge');
    if (isLeft) this.#metrics.hedged(provider, 'started');
    return isLeft;
  }

  /** What was asked beside another spoke first. */
  hedgeWon(provider: string): void {
    this.#metrics.hedged(provider, 'won');
  }

  /** No worker of a provider was there to be asked. */
  unserved(provider: string): void {
    const now = this.#clock.now();
    const toldAtMs = this.#unservedAtMs.get(provider);
    if (toldAtMs !== undefined && now - toldAtMs < unservedQuietMs) return;
    this.#unservedAtMs.set(provider, now);
    this.#onUnserved?.(provider);
  }

  /** A permit for one attempt, or why there is none: BREAKER_OPEN with the time until somebody may try, or THROTTLED. */
  async admit(provider: string, model: string, limits: HealthLimits): Promise<Permit | RefrainError> {
    const name = `${provider}/${model}`;
    const waiting = this.#breakers.admit(name);
    const admission = waiting instanceof Promise ? await waiting : waiting;
    if (typeof admission === 'object') {
      this.#metrics.spared(provider, 'breaker');
      return new RefrainError('unavailable', 'The provider failed too often lately.', {
        reason: 'BREAKER_OPEN',
        retryAfterMs: Math.ceil(admission.openMs),
      });
    }
    const counts = this.#countsOf(provider);
    const isProbe = admission === 'probe';
    const isRefused = !isProbe && this.#isThrottled(counts, limits);
    if (isRefused) {
      counts.requests.add();
      this.#metrics.spared(provider, 'throttle');
      return new RefrainError('overloaded', 'The provider answers too few of our requests.', { reason: 'THROTTLED' });
    }
    const beganAtMs = this.#clock.now();
    return {
      spoke: () => this.#latencies.add(name, this.#clock.now() - beganAtMs),
      end: (ending) => this.#end({ provider, model, isProbe }, ending, limits),
    };
  }

  #takeRetry(provider: string, { retries }: HealthLimits, why: 'retry' | 'hedge'): boolean {
    const isLeft = this.#retries.total < Math.max(retries.minimum, retries.share * this.#firsts.total);
    if (isLeft) this.#retries.add();
    else this.#metrics.spared(provider, why);
    return isLeft;
  }

  #end(
    { isProbe, model, provider }: { provider: string; model: string; isProbe: boolean },
    ending: Ending,
    limits: HealthLimits,
  ): void {
    const name = `${provider}/${model}`;
    // Only now: what is under way was not refused, and a burst of a thousand would look like a provider that answers nobody.
    this.#countsOf(provider).requests.add();
    if (ending === 'failed') {
      const opening = this.#breakers.failed(name, isProbe, limits.breaker);
      void opening.then((hasOpened) => hasOpened && this.#metrics.breakerOpened(provider, model));
      return;
    }
    this.#countsOf(provider).accepts.add();
    if (ending === 'answered') {
      // It is well again: what it failed before is not held against it.
      if (isProbe) this.#providers.delete(provider);
      this.#breakers.succeeded(name, isProbe);
    } else if (isProbe) this.#breakers.released(name);
  }

  #isThrottled({ accepts, requests }: Accepts, { throttle }: HealthLimits): boolean {
    const asked = requests.total;
    if (asked < throttle.minimumRequests) return false;
    return this.#random() < Math.max(0, (asked - throttle.multiplier * accepts.total) / (asked + 1));
  }

  #countsOf(provider: string): Accepts {
    const found = this.#providers.get(provider);
    if (found) return found;
    const counts = {
      requests: new RollingCount(throttleWindowMs, this.#clock),
      accepts: new RollingCount(throttleWindowMs, this.#clock),
    };
    this.#providers.set(provider, counts);
    return counts;
  }
}
