/** The way to the jobs service, where questions wait that nobody could answer. */
import { clone, create } from '@bufbuild/protobuf';
import {
  FallbackMode,
  GetRequestSchema,
  type GetResponse,
  type JobsService,
  OptionsSchema,
  SubmitRequestSchema,
} from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { GrpcClient } from '@refrain/rpc';
import { meshMetadata, type Secret } from '@refrain/service';
import type { Question } from './ask.ts';
import type { Caller } from './caller.ts';
import type { RouterMetrics } from './metrics.ts';

/** What it stands on. */
export interface JobQueueParts {
  readonly jobs: Pick<GrpcClient<typeof JobsService>, 'submit' | 'get'>;
  readonly meshSecret: Secret;
  readonly metrics: Pick<RouterMetrics, 'queued'>;
}

/** What the pipeline asks of it. */
export interface JobQueue {
  /** Makes a job of a question in its caller's name; its id, or undefined where the jobs service does not take it. */
  submit(question: Question): Promise<string | undefined>;
  /** How a job of the caller's tenant stands. @throws RefrainError `not_found`, `unavailable` */
  get(caller: Caller, id: string): Promise<GetResponse>;
}

/** Its caller has waited already. */
const timeoutMs = 3000;

/** Builds it. */
export function createJobQueue({ jobs, meshSecret, metrics }: JobQueueParts): JobQueue {
  return {
    submit: async ({ ask, caller, chat }) => {
      const options = clone(OptionsSchema, ask.options ?? create(OptionsSchema));
      options.fallback = FallbackMode.UNSPECIFIED;
      const how = { timeoutMs, metadata: meshMetadata(meshSecret, caller) };
      try {
        const { job } = await jobs.submit(create(SubmitRequestSchema, { chat, options }), how);
        metrics.queued('queued');
        return job?.id;
      } catch (thrown) {
        metrics.queued(toRefrainError(thrown).reason.toLowerCase());
        return undefined;
      }
    },
    get: (caller, id) =>
      jobs.get(create(GetRequestSchema, { id }), { timeoutMs, metadata: meshMetadata(meshSecret, caller) }),
  };
}

/** For a router without a jobs service: nothing is queued, and no job is known. */
export const noJobQueue: JobQueue = {
  submit: async () => undefined,
  get: async () => {
    throw new RefrainError('not_found', 'This mesh keeps no jobs.', { reason: 'UNKNOWN_JOB' });
  },
};
