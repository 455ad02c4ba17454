/** The gRPC door: who may submit, see and retry what. */
import { create } from '@bufbuild/protobuf';
import {
  GetResponseSchema,
  JobState,
  JobsService,
  ListResponseSchema,
  RetryResponseSchema,
  SubmitResponseSchema,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { RateLimiter } from '@refrain/resilience';
import { type CallContext, type RegisteredService, service } from '@refrain/rpc';
import {
  type Caller,
  identify,
  isOperator,
  knownCallers,
  type MeshConfig,
  readApiKey,
  readVouched,
  type Secret,
} from '@refrain/service';
import type { DeadLetters } from './dead-letters.ts';
import type { Intake } from './intake.ts';
import type { JobRecords } from './job-records.ts';
import { retryDead } from './retry-dead.ts';

/** What it stands on. */
export interface DoorParts {
  readonly intake: Intake;
  readonly records: JobRecords;
  readonly dead: DeadLetters;
  readonly mesh: () => MeshConfig;
  readonly meshSecret: Secret;
}

const usualLimit = 100;
const highestLimit = 1000;

/** JobsService. */
export function createDoor({ dead, intake, mesh, meshSecret, records }: DoorParts): RegisteredService {
  const limiter = new RateLimiter();

  const callerOf = (context: CallContext): { caller: Caller; isVouched: boolean } => {
    const header = (name: string) => context.header(name);
    const vouched = readVouched(header, meshSecret);
    return {
      caller: identify({ apiKey: readApiKey(header), vouched }, knownCallers(mesh())),
      isVouched: vouched !== undefined,
    };
  };
  /** Who comes through the router was counted there. */
  const admitted = (context: CallContext): Caller => {
    const { caller, isVouched } = callerOf(context);
    const perMinute = mesh().tiers[caller.tier].requestsPerMinute;
    const verdict = isVouched || limiter.take(`${caller.tenant}/${caller.user}`, perMinute);
    if (verdict === true || verdict.allowed) return caller;
    const { retryAfterMs } = verdict;
    throw new RefrainError('rate_limited', `More than ${perMinute} requests a minute.`, {
      ...{ reason: 'RATE_LIMITED', retryAfterMs },
    });
  };
  const requireOperator = (context: CallContext) => {
    if (isOperator((name) => context.header(name), meshSecret)) return;
    throw new RefrainError('denied', 'This is for operators alone.', { reason: 'OPERATORS_ONLY' });
  };

  return service(JobsService, {
    submit: async (request, context) => {
      const caller = admitted(context);
      return create(SubmitResponseSchema, { job: await intake.submit(caller, request) });
    },
    get: async ({ id }, context) => {
      const { caller } = callerOf(context);
      const held = await records.find(id);
      const { job, answer } = held?.record ?? {};
      // Another tenant's job is not even known to exist.
      if (!job || job.tenant !== caller.tenant) throw noSuchJob(id);
      return create(GetResponseSchema, { job, ...(answer && { answer }) });
    },
    list: async ({ limit, state }, context) => {
      requireOperator(context);
      const all = await Array.fromAsync(state === JobState.DEAD ? dead.list() : records.list());
      const jobs = all
        .filter((job) => state === JobState.UNSPECIFIED || job.state === state)
        .sort((a, b) => Number(b.createdAtMs - a.createdAtMs))
        .slice(0, Math.min(limit || usualLimit, highestLimit));
      return create(ListResponseSchema, { jobs });
    },
    retry: async ({ id }, context) => {
      requireOperator(context);
      const job = await retryDead(id, { dead, intake, records });
      if (!job) throw noSuchJob(id);
      return create(RetryResponseSchema, { job });
    },
  });
}

function noSuchJob(id: string): RefrainError {
  return new RefrainError('not_found', `There is no job ${id.slice(0, 64)}.`, { reason: 'UNKNOWN_JOB' });
}
