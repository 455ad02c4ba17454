/**
 * Steps 7 and 8: ask, and if that fails ask the next. Nothing is told before the first piece of an answer is there, so until then
 * every failure is clean. No provider, model and key is tried twice, but for one retry after a broken connection or a 5xx.
 */
import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { WorkRequestSchema } from '@refrain/contracts';
import type { Plan, PlannedRoute } from '@refrain/judgement';
import { AttemptBudget, fullJitter } from '@refrain/resilience';
import { type Account, toFlight } from '../answering.ts';
import type { Question } from '../ask.ts';
import { type AttemptBus, type AttemptEvent, AttemptFailure, runAttempt } from '../attempt.ts';
import { asMidstream, Failures, mayTryNext } from '../failures.ts';
import type { Lease } from '../flight-records.ts';
import { Spending } from '../spending.ts';
import type { FlightEvent } from './coalesce.ts';

/** Faults of a key, or of the account behind it: another key may be better off. All else is the provider's, whatever the key. */
const keyFaults: ReadonlySet<string> = new Set(['upstream_exhausted', 'upstream_denied']);
/** Reasons that may be gone a moment later. */
const passing: ReadonlySet<string> = new Set(['CONNECTION_FAILED', 'UPSTREAM_FAILED', 'WORKER_GONE', 'WORKER_SILENT']);
const retryWithinMs = 100;

/** One request's way over its routes. */
interface Run extends Account {
  readonly question: Question;
  readonly signal: AbortSignal;
  readonly bus: AttemptBus;
  readonly failures: Failures;
  /** Provider to the keys this request has used there, over all its models. */
  readonly keys: Map<string, Set<string>>;
  /** Where other routers read who has the attempt. */
  readonly lease: Pick<Lease, 'announce'> | undefined;
}

type Hop = PlannedRoute & { readonly reason: string; readonly degraded: boolean };

/**
 * Asks route by route and yields the first answer that comes.
 * @throws RefrainError `midstream` when an answer breaks off; else the weightiest failure when no route is left.
 */
export async function* dispatch(
  plan: Pick<Plan, 'routes' | 'local' | 'reason'>,
  question: Question,
  signal: AbortSignal,
  { bus, lease }: { bus: AttemptBus; lease?: Pick<Lease, 'announce'> | undefined },
): AsyncGenerator<FlightEvent> {
  const budget = new AttemptBudget(question.settings.mesh.limits.attempts);
  const spending = new Spending();
  const run: Run = { question, signal, bus, lease, budget, spending, failures: new Failures(), keys: new Map() };
  const hops: Hop[] = [
    ...plan.routes.map((route) => ({ ...route, reason: plan.reason, degraded: false })),
    ...plan.local.map((route) => ({ ...route, reason: 'fallback:local', degraded: true })),
  ];
  for (const hop of hops) if (yield* tryHop(hop, run)) return;
  throw run.failures.weightiest();
}

/** Tries one model with as many keys as are worth it; true when it answered. */
async function* tryHop(hop: Hop, run: Run): AsyncGenerator<FlightEvent, boolean> {
  const { attempts, keysPerProvider } = run.question.settings.mesh.limits;
  const used = run.keys.get(hop.provider) ?? new Set<string>();
  run.keys.set(hop.provider, used);
  const excluded: string[] = [];
  let preferred = '';
  let retried = false;
  while (run.budget.used < attempts && used.size < keysPerProvider) {
    try {
      yield* toFlight(announced(attemptAt(hop, { excluded, preferred }, run), hop, run), run.question, hop, run);
      return true;
    } catch (thrown) {
      const { error, progress }: AttemptFailure = toFailure(thrown);
      if (progress.spoke) throw asMidstream(error, run.spending.toSpent());
      run.failures.add(error, progress.accepted);
      if (!mayTryNext(error)) throw error;
      if (progress.keyId !== '') used.add(progress.keyId);
      const isRetry: boolean = !retried && passing.has(error.reason);
      const isKeys = progress.accepted && progress.otherKeys && keyFaults.has(error.code);
      if (!isRetry && !isKeys) return false;
      if (isKeys) excluded.push(progress.keyId);
      // The provider itself failed, not the key: it stays.
      preferred = isRetry ? progress.keyId : '';
      retried ||= isRetry;
      if (isRetry) await delay(fullJitter(0, retryWithinMs, retryWithinMs), undefined, { signal: run.signal });
    }
  }
  return false;
}

interface Attempt {
  readonly attemptId: string;
  readonly events: AsyncIterable<AttemptEvent>;
}

/** The same events; other routers learn who has the attempt. */
async function* announced({ attemptId, events }: Attempt, hop: Hop, { lease }: Run): AsyncGenerator<AttemptEvent> {
  const { provider, model, reason, degraded } = hop;
  for await (const event of events) {
    if (event.case === 'accepted') {
      lease?.announce({ attemptId, controlSubject: event.value.controlSubject, provider, model, reason, degraded });
    }
    yield event;
  }
}

function attemptAt(
  hop: Hop,
  keys: { readonly excluded: readonly string[]; readonly preferred: string },
  { bus, question, signal }: Run,
): Attempt {
  const { caller, chat, deadline, lane, requestId } = question;
  const remainingMs = Math.floor(deadline.remainingMs());
  const attemptId = randomUUIDv7();
  const work = create(WorkRequestSchema, {
    attemptId,
    requestId,
    tenant: caller.tenant,
    user: caller.user,
    provider: hop.provider,
    model: hop.model,
    chat,
    remainingMs,
    excludedKeyIds: [...keys.excluded],
    preferredKeyId: keys.preferred,
  });
  return { attemptId, events: runAttempt(bus, work, { lane, signal }) };
}

function toFailure(thrown: unknown): AttemptFailure {
  if (thrown instanceof AttemptFailure) return thrown;
  throw thrown;
}
