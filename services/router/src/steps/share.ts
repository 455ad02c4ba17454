/**
 * Step 5 beyond this router: the leader of a flight here asks whether another router asks the same already, and then listens at the
 * worker to what that one is told. Only before the first word may somebody else take over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, CacheMode, Source } from '@refrain/contracts';
import { AttemptBudget } from '@refrain/resilience';
import type { Question } from '../ask.ts';
import { toFlight } from '../attempt/answering.ts';
import { type AttemptBus, AttemptFailure, joinAttempt } from '../attempt/attempt.ts';
import { asMidstream } from '../attempt/failures.ts';
import { Spending } from '../attempt/spending.ts';
import {
  type Claim,
  doneSeconds,
  type FlightAttempt,
  type FlightNotice,
  type FlightRecords,
  type Lease,
} from '../flights/flight-records.ts';
import { toSharedAnswer, toSharedProvenance } from '../flights/shared-answer.ts';
import { type FlightEvent, sharedKey, whole } from './coalesce.ts';
import type { Lookup } from './lookup.ts';

/** What sharing needs. */
export interface ShareParts {
  readonly records: Pick<FlightRecords, 'claim' | 'read'>;
  readonly bus: AttemptBus;
  readonly lookup: Pick<Lookup, 'exact'>;
  /** Offers an answer to the cache, where its leader is not there any more to do so. */
  readonly remember: (question: Question, answer: Answer) => void;
}

/** Asks; with a lease it announces there who has the attempt. */
export type AskAlone = (lease: Lease | undefined) => AsyncIterable<FlightEvent>;

const lookEveryMs = 25;

/** Leads the question's flight among all routers, or follows the one that does. @throws RefrainError as `ask` does */
export async function* acrossRouters(
  question: Question,
  signal: AbortSignal,
  parts: ShareParts,
  ask: AskAlone,
): AsyncGenerator<FlightEvent> {
  const key = sharedKey(question);
  for (;;) {
    const claim: Claim = key === undefined ? undefined : await parts.records.claim(key);
    if (!claim || key === undefined) return yield* ask(undefined);
    if ('lease' in claim) return yield* lead(claim.lease, question, ask);
    if (yield* follow(claim.notice, key, { question, signal, parts })) return;
    const isOver = await changed(claim.notice, key, parts, signal);
    const held = await parts.lookup.exact(question);
    if (held?.answer) return yield* whole(held.answer);
    // Its answer can be had neither from the worker nor from the cache any more.
    if (isOver) return yield* ask(undefined);
  }
}

/**
 * Asks for all routers. What the cache answered, each of them finds by itself; and where the caller wants nothing kept, or not for
 * as long, or nothing of that age, the answer is shared only while it is made.
 */
async function* lead(lease: Lease, { ask: asked, cacheMode }: Question, ask: AskAlone): AsyncGenerator<FlightEvent> {
  const { maxAgeSeconds = doneSeconds, ttlSeconds = doneSeconds } = asked.options ?? {};
  const mayStay = cacheMode === CacheMode.UNSPECIFIED && Math.min(maxAgeSeconds, ttlSeconds) >= doneSeconds;
  let end = lease.release;
  try {
    for await (const event of ask(lease)) {
      const isAnew = event.kind === 'completed' && event.answer.provenance?.source === Source.PROVIDER;
      if (isAnew && mayStay) end = lease.done;
      yield event;
    }
  } finally {
    end();
  }
}

/** Hears the attempt of another router's flight; true when it answered. */
async function* follow(
  notice: FlightNotice,
  key: string,
  { question, signal, parts }: { question: Question; signal: AbortSignal; parts: ShareParts },
): AsyncGenerator<FlightEvent, boolean> {
  const { attempt } = notice;
  if (!attempt) return false;
  const frames = joinAttempt(parts.bus, attempt, signal);
  const account = { budget: new AttemptBudget(1), spending: new Spending() };
  try {
    for await (const event of toFlight(frames, question, hopOf(attempt, question), account)) {
      if (event.kind === 'completed') await rememberOrphan(event.answer, notice, key, { question, parts });
      yield toShared(event);
    }
    return true;
  } catch (thrown) {
    if (!(thrown instanceof AttemptFailure)) throw thrown;
    if (thrown.progress.spoke) throw asMidstream(thrown.error);
    if (signal.aborted) throw thrown.error;
    return false;
  }
}

/** The leader stores; where its lease has run out it died, and whoever heard the answer does. */
async function rememberOrphan(
  answer: Answer,
  notice: FlightNotice,
  key: string,
  { question, parts }: { question: Question; parts: ShareParts },
): Promise<void> {
  if (notice.done) return;
  const now = await parts.records.read(key);
  if (now?.id !== notice.id) parts.remember({ ...question, beganAtMs: beganAtMs(notice) }, answer);
}

/**
 * When the flight began, by `performance.now()`: its id (a UUIDv7) begins with the time. It was asked before this router heard of it, and
 * what was invalidated in between must not be stored again.
 */
function beganAtMs({ id }: FlightNotice): number {
  const madeAtMs = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
  return performance.now() - Math.max(0, Date.now() - madeAtMs);
}

/** Waits until the leader has another attempt, or none any more; true when its answer is complete. */
async function changed(
  notice: FlightNotice,
  key: string,
  { records }: ShareParts,
  signal: AbortSignal,
): Promise<boolean> {
  if (notice.done) return true;
  for (;;) {
    await delay(lookEveryMs, undefined, { signal });
    const now = await records.read(key);
    if (now?.id !== notice.id || now.attempt?.attemptId !== notice.attempt?.attemptId || now.done) return false;
  }
}

function hopOf(attempt: FlightAttempt, { settings }: Question) {
  const model = settings.mesh.providers[attempt.provider]?.models.find(({ name }) => name === attempt.model);
  return { ...attempt, rank: model?.rank ?? 1, price: model?.price };
}

/** What another router's caller pays for is shared here. */
function toShared(event: FlightEvent): FlightEvent {
  if (event.kind === 'delta') return event;
  if (event.kind === 'started') return { kind: 'started', provenance: toSharedProvenance(event.provenance) };
  return { kind: 'completed', answer: toSharedAnswer(event.answer) };
}
