/** One try: asks the router in the name of the job's user, and keeps the lease on the job while it waits. */
import { clone, create } from '@bufbuild/protobuf';
import {
  type Answer,
  CompleteRequestSchema,
  FallbackMode,
  OptionsSchema,
  type QueuedJob,
  type RouterService,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { GrpcClient } from '@refrain/rpc';
import { callerKeySchema, meshMetadata, type Secret } from '@refrain/service';
import type { Held, JobRecords } from './job-records.ts';

/** What a try needs. */
export interface AskingParts {
  readonly router: Pick<GrpcClient<typeof RouterService>, 'complete'>;
  readonly records: JobRecords;
  readonly meshSecret: Secret;
  readonly leaseMs: number;
  /** What the router may take, in milliseconds. */
  readonly deadlineMs: () => number;
}

/** How it went. */
export interface Outcome {
  readonly result: Answer | RefrainError;
  /** The record as it is now; undefined where another worker has taken the job. */
  readonly held: Held | undefined;
}

/** The router's own deadline comes first, and its words say more. */
const marginMs = 5000;

/** Asks. A template would be no answer to somebody who does not wait, so the router is told to say rather what failed. */
export async function ask(
  queued: QueuedJob,
  claimed: Held,
  { router, records, meshSecret, leaseMs, deadlineMs }: AskingParts,
  signal: AbortSignal,
): Promise<Outcome> {
  const lost = new AbortController();
  let held: Held | undefined = claimed;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async () => {
    if (!held) return;
    const record = { ...held.record, leaseUntilMs: BigInt(Date.now() + leaseMs) };
    try {
      held = await records.save(record, held.revision);
    } catch {
      // JetStream is away for the moment: the next time will do, or the end finds out.
      return;
    }
    if (!held) lost.abort();
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, leaseMs / 3);
  try {
    const options = clone(OptionsSchema, queued.options ?? create(OptionsSchema));
    options.fallback = FallbackMode.NONE;
    const request = create(CompleteRequestSchema, { ...(queued.chat && { chat: queued.chat }), options });
    const { tenant, user } = queued;
    const caller = { tenant, user, tier: callerKeySchema.shape.tier.parse(queued.tier), deferred: true };
    const { answer } = await router.complete(request, {
      signal: AbortSignal.any([signal, lost.signal]),
      timeoutMs: deadlineMs() + marginMs,
      metadata: meshMetadata(meshSecret, caller),
    });
    const result = answer ?? new RefrainError('upstream', 'The router gave no answer.');
    return { result, held: await settled() };
  } catch (thrown) {
    if (!(thrown instanceof RefrainError)) throw thrown;
    return { result: thrown, held: await settled() };
  } finally {
    clearInterval(timer);
  }

  async function settled(): Promise<Held | undefined> {
    clearInterval(timer);
    await renewing;
    return held;
  }
}
