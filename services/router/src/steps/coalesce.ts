/**
 * Step 5: is it being asked. Identical questions in flight on this router are one flight: its leader asks, everybody hears all of it.
 * Who joins leaves alone: when its own time is over or its caller goes, the others hear on; when nobody is left the flight ends.
 */

import type { Answer, Provenance } from '@refrain/contracts';
import { SingleFlight } from '@refrain/resilience';
import type { Question } from '../ask.ts';
import { FreshAnswers } from '../flights/fresh-answers.ts';
import { Patience } from '../flights/patience.ts';
import { toSharedAnswer, toSharedError, toSharedProvenance } from '../flights/shared-answer.ts';
import { mayRead } from '../options.ts';
import { type Reply, type ReplyEvent, replay, wholeReply } from '../reply.ts';

/** What a flight tells: who answers, then the answer. */
export type FlightEvent = { readonly kind: 'started'; readonly provenance: Provenance } | ReplyEvent;
/** Asks for a flight; the signal is aborted when nobody listens any more. */
export type Lead = (signal: AbortSignal) => AsyncIterable<FlightEvent>;

/** An answer that is there already, as a flight. */
export async function* whole(answer: Answer): AsyncGenerator<FlightEvent> {
  if (answer.provenance) yield { kind: 'started', provenance: answer.provenance };
  yield* replay(answer);
}

/** The flights of one router. */
export class Flights {
  readonly #flights: SingleFlight<FlightEvent> = new SingleFlight();
  readonly #fresh: FreshAnswers = new FreshAnswers();
  readonly #isRevoked: (exactKey: string) => Promise<boolean>;

  /** `isRevoked` says whether an answer was taken out since; it is asked where an answer is about to be told again, and must not throw. */
  constructor(isRevoked: (exactKey: string) => Promise<boolean> = async () => false) {
    this.#isRevoked = isRevoked;
  }

  /** Flights under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** The answer of the question's flight is on its way to the cache: until it is surely there, who asks the same hears it from here. */
  keep(question: Question, answer: Answer): void {
    this.#fresh.put(flightKey(question), answer);
  }

  /** An answer was wrong: nothing that was kept is told again. */
  forget(): void {
    this.#fresh.clear();
  }

  /**
   * Joins the question's flight or starts it, and waits until it is known who answers.
   * @throws RefrainError `deadline` or `canceled` of this caller, or whatever ended the flight.
   */
  async join(question: Question, lead: Lead): Promise<Reply> {
    const key = flightKey(question);
    const fresh = this.#fresh.get(key);
    if (fresh && !(await this.#isRevoked(question.exactKey)))
      return wholeReply({ ...toSharedAnswer(fresh), requestId: question.requestId });
    const { leader, events } = this.#flights.join(key, lead);
    const patience = new Patience(question.deadline, question.ask.signal);
    const listening = patience.limit(events);
    try {
      const first = await listening.next();
      if (first.done || first.value.kind !== 'started')
        throw new TypeError('a flight began without saying who answers');
      patience.extend();
      const own = (provenance: Provenance) => (leader ? provenance : toSharedProvenance(provenance));
      return {
        requestId: question.requestId,
        provenance: own(first.value.provenance),
        events: () => personal(listening, question, leader),
      };
    } catch (error) {
      await listening.return(undefined);
      throw error;
    }
  }
}

/**
 * Who may share a flight: the same exact key, tier (it chooses the route) and demands on what the cache may say. What may not be cached
 * is not shared either, nor what was asked afresh. Lifetime and tags are no demands on the answer: the leader's apply.
 */
export function sharedKey({ able, ask, cacheMode, caller, exactKey, isRevalidation }: Question): string | undefined {
  if (!able.exact || !mayRead(cacheMode)) return undefined;
  // Not the flight of those who wait: that one may be about to end with the very answer whose time is over.
  if (isRevalidation) return `${exactKey}/${caller.tier}/revalidation`;
  const { maxAgeSeconds = '', minimumConfidence = '' } = ask.options ?? {};
  return `${exactKey}/${caller.tier}/${cacheMode}/${minimumConfidence}/${maxAgeSeconds}`;
}

function flightKey(question: Question): string {
  return sharedKey(question) ?? question.requestId;
}

/** What a caller hears: its own request id, and for a follower that another asked and paid. */
async function* personal(
  events: AsyncIterable<FlightEvent>,
  { requestId }: Question,
  leader: boolean,
): AsyncGenerator<ReplyEvent> {
  try {
    for await (const event of events) {
      if (event.kind === 'delta') yield event;
      if (event.kind !== 'completed') continue;
      const answer = leader ? event.answer : toSharedAnswer(event.answer);
      yield { kind: 'completed', answer: { ...answer, requestId } };
      return;
    }
  } catch (thrown) {
    throw leader ? thrown : toSharedError(thrown);
  }
}
