/** One attempt: permitted, paid for, told to other routers, timed, and its failure remembered. */
import { randomUUIDv7 } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { WorkRequestSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { paid } from '../budgets/payments.ts';
import type { Ending, Permit } from '../health/provider-health.ts';
import type { FlightEvent } from '../steps/coalesce.ts';
import { outrun } from '../steps/hedge.ts';
import { toFlight } from './answering.ts';
import { type AttemptEvent, AttemptFailure, runAttempt } from './attempt.ts';
import { asMidstream, isProvidersFault, mayTryNext } from './failures.ts';
import type { Beside, Hop, KeyWishes, Run } from './run.ts';
import { nameUnserved } from './unserved.ts';

/** Nobody was asked. */
const notAsked = { accepted: false, spoke: false, keyId: '', otherKeys: false };

/**
 * One attempt, if its model may be asked; undefined when it answered.
 * @throws RefrainError when nobody else can go on: after the first piece, or where the fault is the caller's.
 */
export async function* tryOnce(
  hop: Hop,
  keys: KeyWishes,
  run: Run,
): AsyncGenerator<FlightEvent, Pick<AttemptFailure, 'error' | 'progress'> | undefined> {
  const permit = await run.health.admit(hop.provider, hop.model, run.question.settings.mesh.limits);
  if (permit instanceof RefrainError) {
    run.failures.add(permit, false);
    return { error: permit, progress: notAsked };
  }
  let ending: Ending = 'unsaid';
  try {
    const attempt = withPayment(attemptAt(hop, keys, run), hop, run);
    yield* toFlight(timed(attempt, permit), run.question, hop, run);
    ending = 'answered';
    return undefined;
  } catch (thrown) {
    const failure = nameUnserved(toFailure(thrown), hop, run);
    const { error, progress } = failure;
    if (isProvidersFault(error, progress.accepted)) ending = 'failed';
    // It took at least so long: a model that is always outrun must not be known by its quick answers alone.
    if (error.reason === outrun && !progress.spoke) permit.spoke();
    if (progress.spoke) throw asMidstream(error, run.spending.toSpent());
    run.failures.add(error, progress.accepted);
    if (!mayTryNext(error)) throw error;
    return failure;
  } finally {
    permit.end(ending);
  }
}

/** The attempt's events, paid for and known to other routers. */
function withPayment(attempt: Attempt, hop: Hop, run: Run): AsyncIterable<AttemptEvent> {
  const { payments, question, routes } = run;
  const events = run.beside
    ? counted(attempt.attemptId, announced(attempt, hop, run), run.beside)
    : announced(attempt, hop, run);
  return payments ? paid(events, { attemptId: attempt.attemptId, hop, routes, question }, payments) : events;
}

/** The same events; the first piece is told to the permit. */
async function* timed(events: AsyncIterable<AttemptEvent>, permit: Permit): AsyncGenerator<AttemptEvent> {
  let spoke = false;
  for await (const event of events) {
    if (!spoke && (event.case === 'delta' || event.case === 'final')) {
      spoke = true;
      permit.spoke();
    }
    yield event;
  }
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

/** The same events; until a worker has the attempt it stands among those that the budget does not know of. */
async function* counted(
  attemptId: string,
  events: AsyncIterable<AttemptEvent>,
  { untaken }: Beside,
): AsyncGenerator<AttemptEvent> {
  untaken.add(attemptId);
  try {
    for await (const event of events) {
      if (event.case === 'accepted') untaken.delete(attemptId);
      yield event;
    }
  } finally {
    untaken.delete(attemptId);
  }
}

function attemptAt(hop: Hop, keys: KeyWishes, { bus, question, signal }: Run): Attempt {
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
