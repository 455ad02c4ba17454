/** Builds the router from its dependencies; no I/O of its own. */
import { type Bus, createAlerts } from '@refrain/bus';
import type { CacheService } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import { RateLimiter } from '@refrain/resilience';
import type { GrpcClient } from '@refrain/rpc';
import type { Logger, Metrics, Readiness } from '@refrain/service';
import { type State, sayOnce } from '@refrain/state';
import { howToServe } from './attempt/unserved.ts';
import { createBudgetAlarm } from './budgets/budget-alarm.ts';
import { Budgets } from './budgets/budgets.ts';
import { createBudgetMetrics } from './budgets/metrics.ts';
import { createPriceAlarm } from './budgets/price-alarm.ts';
import { Savings } from './budgets/savings.ts';
import { settleRecords } from './budgets/settle-records.ts';
import { createEvents, type Events } from './events.ts';
import { FlightRecords } from './flights/flight-records.ts';
import { Breakers } from './health/breakers.ts';
import { createSharedBreakers } from './health/breakers-shared.ts';
import { ProviderHealth } from './health/provider-health.ts';
import { createJobQueue, type JobQueueParts, noJobQueue } from './job-queue.ts';
import { Evidence } from './learning/evidence.ts';
import { ReviewQueue } from './learning/review-queue.ts';
import { startReviewer } from './learning/reviewer.ts';
import { createRouterMetrics } from './metrics.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { withRequestLog } from './request-log.ts';
import type { Settings } from './settings.ts';
import { Flights } from './steps/coalesce.ts';
import { Lookup } from './steps/lookup.ts';
import { Recorder } from './steps/record.ts';

/** What the router stands on. */
export interface RouterParts {
  readonly bus: Bus;
  readonly state: State;
  readonly cache: GrpcClient<typeof CacheService>;
  readonly metrics: Metrics;
  readonly log: Pick<Logger, 'warn'>;
  /** Gets a line for each question; absent: nothing is made of it. */
  readonly requestLog?: Pick<Logger, 'debug'> | undefined;
  readonly settings: () => Settings;
  /** Absent: nothing is queued. */
  readonly jobs?: Omit<JobQueueParts, 'metrics'> | undefined;
}

/** The router without its doors. */
export interface Router {
  readonly pipeline: Pipeline;
  ready(): Readiness;
  /** Ends what is asked in the background, and waits until answers that were given are with the cache. */
  drain(): Promise<void>;
}

/** Builds it. It is ready once it has seen all its parts, and stays so: without the cache it asks, without NATS it remembers. */
export function createRouter({ bus, cache, jobs, log, metrics, requestLog, settings, state }: RouterParts): Router {
  const routerMetrics = createRouterMetrics(metrics);
  const lookup = new Lookup(cache, routerMetrics);
  const budgetMetrics = createBudgetMetrics(metrics);
  const savings = new Savings({ state, metrics: budgetMetrics });
  const raise = createAlerts({
    ...{ bus, log },
    encoding: () => settings().mesh.events.encoding,
    isFirst: (cause, quietMs) => sayOnce(state, cause, quietMs),
  });
  const budgets = new Budgets({ state, metrics: budgetMetrics, onStanding: createBudgetAlarm(raise) });
  const payments = { budgets, onUnpriced: createPriceAlarm({ raise, metrics: budgetMetrics }) };
  const settling = settleRecords({ bus, budgets, settings, metrics: budgetMetrics });
  const told = withSavings(createEvents(bus, routerMetrics), savings);
  const events = requestLog ? withRequestLog(told, requestLog) : told;
  const records = new FlightRecords(state, (error) => routerMetrics.sharingFailed(toRefrainError(error).reason));
  const onInvalidated = (exactKey: string) => void records.revoke(exactKey);
  const recorder = new Recorder({ cache, events, metrics: routerMetrics, onInvalidated });
  const flights = new Flights((exactKey) => records.isRevoked(exactKey));
  metrics.watched('flights', 'Questions under way, each counted once.', () => flights.size);
  const limiter = new RateLimiter();
  const shared = createSharedBreakers(state);
  const breakers = new Breakers({
    shared,
    onFault: (error) => routerMetrics.sharingFailed(toRefrainError(error).reason),
  });
  const stopFollowing = breakers.follow();
  const onUnserved = (provider: string) => {
    log.warn({ provider }, `no worker serves the provider ${provider}. ${howToServe(provider, settings().mesh)}`);
  };
  const health = new ProviderHealth({ breakers, metrics: routerMetrics, onUnserved });
  const evidence = new Evidence({ cache, metrics: routerMetrics });
  const reviews = new ReviewQueue({ bus, metrics: routerMetrics });
  const pipeline = createPipeline({
    ...{ settings, limiter, lookup, flights, records, bus, health, payments, cache, recorder, evidence, reviews },
    metrics: routerMetrics,
    jobs: jobs ? createJobQueue({ ...jobs, metrics: routerMetrics }) : noJobQueue,
  });
  const reviewer = startReviewer({ bus, settings, evidence, metrics: routerMetrics, askAnew: pipeline.review });
  const seen = { cache: false, all: false };
  const lookForCache = createLook(cache, () => {
    seen.cache = true;
  });
  lookForCache();
  return {
    pipeline,
    ready: () => {
      if (!seen.cache) lookForCache();
      seen.all ||= seen.cache && bus.connected;
      return {
        ok: seen.all,
        parts: {
          cache: seen.cache && lookup.reachable ? 'up' : 'down: every question is asked anew',
          redis: describeRedis(state),
          nats: bus.connected ? 'up' : 'down: only the cache and templates answer',
        },
      };
    },
    drain: async () => {
      stopFollowing();
      await reviewer.stop();
      await pipeline.drain();
      await settling.drain();
      await Promise.all([recorder.drain(), evidence.drain(), reviews.drain(), budgets.drain(), savings.stop()]);
    },
  };
}

function describeRedis({ ready, refuses }: Pick<State, 'ready' | 'refuses'>): string {
  if (!ready) return 'down: each router asks for itself';
  return refuses === '' ? 'up' : `down: each router asks for itself, Redis refuses: ${refuses}`;
}

/** Who hears how requests ended also gathers what they saved. */
function withSavings(events: Events, savings: Savings): Events {
  return {
    ...events,
    answered: (question, answer, ms) => {
      savings.answered(question, answer);
      events.answered(question, answer, ms);
    },
  };
}

const lookMs = 5000;

/** Gives a function that looks whether the cache is there, once at a time; a cache that comes late is found whenever it is looked for. */
function createLook(cache: Pick<RouterParts['cache'], 'waitForReady'>, onSeen: () => void): () => void {
  let looking = false;
  return () => {
    if (looking) return;
    looking = true;
    cache
      .waitForReady(lookMs)
      // Not there: /readyz says so, and looks again whenever it is asked.
      .then(onSeen, () => undefined)
      .finally(() => {
        looking = false;
      });
  };
}
