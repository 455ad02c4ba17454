/** Builds the jobs service from its dependencies; no I/O of its own. */
import { type Bus, createAlerts, type Reading } from '@refrain/bus';
import { deadStream, jobsStateStream, jobsStream, type RouterService } from '@refrain/contracts';
import type { GrpcClient, RegisteredService } from '@refrain/rpc';
import type { Logger, MeshConfig, Metrics, Readiness, Secret } from '@refrain/service';
import type { JobsConfig } from './config.ts';
import { DeadLetters } from './dead-letters.ts';
import { createDoor } from './door.ts';
import { Intake } from './intake.ts';
import { createDeadAlarm } from './job-events.ts';
import { JobRecords } from './job-records.ts';
import { createJobsMetrics } from './metrics.ts';
import { Worker } from './worker.ts';

/** What it stands on. */
export interface JobsParts {
  readonly bus: Bus;
  readonly router: Pick<GrpcClient<typeof RouterService>, 'complete'>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly mesh: () => MeshConfig;
  readonly config: Pick<JobsConfig, 'atOnce' | 'leaseMs' | 'retryBaseMs' | 'longestWaitMs'>;
  readonly meshSecret: Secret;
}

/** The jobs service without its server. */
export interface Jobs {
  readonly door: RegisteredService;
  ready(): Readiness;
  /** Begins to take jobs off the queue. */
  start(): void;
  /** Takes no more, and gives back what is under way. */
  stop(): Promise<void>;
}

/** A message is never given up by being delivered too often: the job's record counts its tries. */
const endlessly = 1_000_000;
/**
 * Jobs that wait for their next try; more, and those that were not tried yet wait too. NATS' own 1,000 would let one provider's outage
 * hold up everybody's, and each is looked at once a minute.
 */
const mostWaiting = 5000;

/** A NATS without room for the stream is up, and yet no job can be taken. */
function describeQueue(takers: readonly Reading[]): string {
  const fault = takers.find((taker) => taker.fault !== '')?.fault;
  return fault === undefined ? 'up' : `down: no job is taken or worked on, NATS refuses: ${fault}`;
}

/** Builds it. */
export function createJobs({ bus, router, metrics, log, mesh, config, meshSecret }: JobsParts): Jobs {
  const jobsMetrics = createJobsMetrics(metrics);
  const kept = bus.kept(jobsStateStream);
  const records = new JobRecords(kept);
  const dead = new DeadLetters(bus.kept(deadStream));
  const intake = new Intake({ bus, kept, records, log, metrics: jobsMetrics });
  const encoding = () => mesh().events.encoding;
  const worker = new Worker({
    onDead: createDeadAlarm(createAlerts({ bus, encoding, log })),
    ...{ bus, router, records, dead, log, metrics: jobsMetrics },
    ...{ meshSecret, leaseMs: config.leaseMs, retryBaseMs: config.retryBaseMs, longestWaitMs: config.longestWaitMs },
    deadlineMs: () => mesh().limits.deadlineMs,
    encoding,
  });
  let takers: Reading[] = [];
  return {
    door: createDoor({ dead, intake, mesh, records, meshSecret }),
    ready: () => ({
      ok: bus.connected,
      parts: {
        nats: bus.connected ? 'up' : 'down: no job is taken or worked on',
        queue: describeQueue(takers),
      },
    }),
    start: () => {
      const how = { name: 'jobs', ackWaitMs: config.leaseMs, tries: endlessly, mostWaiting };
      takers = Array.from({ length: config.atOnce }, () =>
        bus.takeWork(jobsStream, how, (data) => worker.handle(data)),
      );
    },
    stop: async () => {
      worker.stop();
      await Promise.all(takers.map((taker) => taker.drain()));
    },
  };
}
