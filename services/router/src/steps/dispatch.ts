/**
 * Steps 7 and 8: ask, and if that fails ask the next. Nothing is told before the first piece of an answer is there, so until then
 * every failure is clean. No provider, model and key is tried twice, but for one retry after a broken connection or a 5xx. Each attempt
 * needs a permit: a model whose breaker is open, and a provider that answers too few, are passed over. Where an operator wants it, a second
 * route is asked beside one that is slow.
 */
import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { WorkRequestSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Plan, PlannedRoute } from '@refrain/judgement';
import { AttemptBudget, fullJitter } from '@refrain/resilience';
import type { Question } from '../ask.ts';
import { type Account, toFlight } from '../attempt/answering.ts';
import { type AttemptBus, type AttemptEvent, AttemptFailure, runAttempt } from '../attempt/attempt.ts';
import { asMidstream, Failures, isProvidersFault, mayTryNext } from '../attempt/failures.ts';
import { Spending } from '../attempt/spending.ts';
import { type PaymentParts, paid } from '../budgets/payments.ts';
import type { FlightAttempt, Lease } from '../flights/flight-records.ts';
import type { Ending, Permit, ProviderHealth } from '../health/provider-health.ts';
import type { FlightEvent } from './coalesce.ts';
import { hedgeDelayMs, mayHedge, outrun, type Runner, race } from './hedge.ts';

/** Faults of a key, or of the account behind it: another key may be better off. All else is the provider's, whatever the key. */
const keyFaults: ReadonlySet<string> = new Set(['upstream_exhausted', 'upstream_denied']);
/** Reasons that may be gone a moment later. */
const passing: ReadonlySet<string> = new Set(['CONNECTION_FAILED', 'UPSTREAM_FAILED', 'WORKER_GONE', 'WORKER_SILENT']);
const retryWithinMs = 100;
/** Nobody was asked. */
const notAsked = { accepted: false, spoke: false, keyId: '', otherKeys: false };

/** One request's way over its routes. */
interface Run extends Account {
  readonly question: Question;
  readonly signal: AbortSignal;
  readonly bus: AttemptBus;
  readonly health: ProviderHealth;
  readonly failures: Failures;
  /** Provider to the keys this request has used there, over all its models. */
  readonly keys: Map<string, Set<string>>;
  /** Where other routers read who has the attempt. */
  readonly lease: Pick<Lease, 'announce'> | undefined;
  readonly payments: PaymentParts | undefined;
  readonly routes: readonly PlannedRoute[];
  /** Where a slow attempt may get company: all of the request's that are under way. */
  readonly beside?: Beside;
}

interface Beside {
  /** Hops that are being tried. */
  hops: number;
  /** Attempts that no worker has taken yet: the budget does not know of them. */
  readonly untaken: Set<string>;
}

type Hop = PlannedRoute & { readonly reason: string; readonly degraded: boolean };

/** What asking needs; without `payments` nothing is held or booked. */
export interface DispatchParts {
  readonly bus: AttemptBus;
  readonly health: ProviderHealth;
  readonly lease?: Pick<Lease, 'announce'> | undefined;
  readonly payments?: PaymentParts | undefined;
}

/**
 * Asks route by route and yields the first answer that comes.
 * @throws RefrainError `midstream` when an answer breaks off; else the weightiest failure when no route is left.
 */
export async function* dispatch(
  plan: Pick<Plan, 'routes' | 'local' | 'reason'>,
  question: Question,
  signal: AbortSignal,
  { bus, health, lease, payments }: DispatchParts,
): AsyncGenerator<FlightEvent> {
  const budget = new AttemptBudget(question.settings.mesh.limits.attempts);
  const spending = new Spending();
  const keys = new Map<string, Set<string>>();
  const account = { budget, spending, payments, routes: plan.routes };
  const parts = { question, signal, bus, health, lease, ...account, failures: new Failures(), keys };
  const run: Run = mayHedge(question) ? { ...parts, beside: { hops: 0, untaken: new Set() } } : parts;
  health.began();
  const left: Hop[] = [
    ...plan.routes.map((route) => ({ ...route, reason: plan.reason, degraded: false })),
    ...plan.local.map((route) => ({ ...route, reason: 'fallback:local', degraded: true })),
  ];
  for (let hop = left.shift(); hop; hop = left.shift()) {
    const delayMs = run.beside && hedgeDelayMs(hop, run.question, run.health);
    if (yield* delayMs === undefined ? tryHop(hop, run) : tryBeside(hop, left, delayMs, run)) return;
  }
  throw run.failures.weightiest();
}

/** Tries one model, and when it is slow the next of the route that may be asked beside it; true when one of them answered. */
function tryBeside(hop: Hop, left: Hop[], delayMs: number, run: Run): AsyncGenerator<FlightEvent, boolean> {
  const second = () => {
    const next = left.findIndex(({ degraded, model, provider }) => !degraded && !run.health.isOpen(provider, model));
    const other = left[next];
    if (!other || attemptsLeft(run) < 1) return undefined;
    if (!run.health.mayHedge(other.provider, run.question.settings.mesh.limits)) return undefined;
    left.splice(next, 1);
    return runnerOf({ ...other, reason: 'hedge:slow' }, run, () => run.health.hedgeWon(other.provider));
  };
  return race(runnerOf(hop, run), { delayMs, second });
}

/** A hop on its own signal. Other routers hear of its attempt once it has won: they would listen to one that is called off. */
function runnerOf(hop: Hop, run: Run, onWon: () => void = () => undefined): Runner<FlightEvent> {
  const own = new AbortController();
  let attempt: FlightAttempt | undefined;
  const lease: Run['lease'] = {
    announce: (taken) => {
      attempt = taken;
    },
  };
  return {
    events: besideOthers(hop, { ...run, signal: AbortSignal.any([run.signal, own.signal]), lease }),
    won: () => {
      onWon();
      if (attempt) run.lease?.announce(attempt);
    },
    callOff: (reason) => own.abort(reason),
  };
}

async function* besideOthers(hop: Hop, run: Run): AsyncGenerator<FlightEvent, boolean> {
  if (run.beside) run.beside.hops += 1;
  try {
    return yield* tryHop(hop, run);
  } finally {
    if (run.beside) run.beside.hops -= 1;
  }
}

function attemptsLeft({ beside, budget, question }: Run): number {
  return question.settings.mesh.limits.attempts - budget.used - (beside?.untaken.size ?? 0);
}

/** Tries one model with as many keys as are worth it; true when it answered. */
async function* tryHop(hop: Hop, run: Run): AsyncGenerator<FlightEvent, boolean> {
  const { limits } = run.question.settings.mesh;
  const used = run.keys.get(hop.provider) ?? new Set<string>();
  run.keys.set(hop.provider, used);
  const asked = new Set<string>();
  let keys: KeyWishes = { excluded: [], preferred: '' };
  let retried = false;
  while (attemptsLeft(run) > 0 && used.size < limits.keysPerProvider) {
    const failure = yield* tryOnce(hop, keys, run);
    if (!failure) return true;
    const { error, progress } = failure;
    if (progress.keyId !== '') for (const each of [used, asked]) each.add(progress.keyId);
    // Another that was asked beside it is its next try.
    if (run.beside && run.beside.hops > 1) return false;
    const isKeys = progress.accepted && progress.otherKeys && keyFaults.has(error.code);
    const isRetry: boolean = !isKeys && !retried && passing.has(error.reason);
    if (!isKeys && !(isRetry && run.health.mayRetry(hop.provider, limits))) return false;
    // The provider itself failed, not the key: it stays. Else no key that was asked here is asked again.
    keys = isRetry
      ? { excluded: [...keys.excluded], preferred: progress.keyId }
      : { excluded: [...asked], preferred: '' };
    retried ||= isRetry;
    if (isRetry) await delay(fullJitter(0, retryWithinMs, retryWithinMs), undefined, { signal: run.signal });
  }
  return false;
}

/**
 * One attempt, if its model may be asked; undefined when it answered.
 * @throws RefrainError when nobody else can go on: after the first piece, or where the fault is the caller's.
 */
async function* tryOnce(
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
    const failure = toFailure(thrown);
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

/** Which of a provider's keys an attempt may have. */
interface KeyWishes {
  readonly excluded: readonly string[];
  readonly preferred: string;
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
