/** From one attempt's frames to the events of a flight. */
import { create } from '@bufbuild/protobuf';
import { ProvenanceSchema, Source } from '@refrain/contracts';
import type { PlannedRoute } from '@refrain/judgement';
import type { AttemptBudget } from '@refrain/resilience';
import type { Question } from '../ask.ts';
import type { FlightEvent } from '../steps/coalesce.ts';
import { AnswerBuilder } from './answer-builder.ts';
import type { AttemptEvent } from './attempt.ts';
import type { Spending } from './spending.ts';

/** What a request keeps over its attempts. */
export interface Account {
  readonly budget: AttemptBudget;
  readonly spending: Spending;
}

/**
 * `started` with the first piece, then the pieces, then the whole answer. Counts the attempt when the worker takes it, and the cost as
 * it is told, also of an attempt that fails.
 */
export async function* toFlight(
  attempt: AsyncIterable<AttemptEvent>,
  question: Question,
  route: PlannedRoute & { readonly reason: string; readonly degraded: boolean },
  { budget, spending }: Account,
): AsyncGenerator<FlightEvent> {
  const { classification, requestId } = question;
  const { provider, model, reason, degraded, price } = route;
  const builder = new AnswerBuilder();
  const source = Source.PROVIDER;
  const provenance = create(ProvenanceSchema, { source, provider, model, reason, degraded, classification });
  let started = false;
  for await (const { case: kind, value } of attempt) {
    if (kind === 'accepted') budget.take();
    else if (kind === 'usage') {
      spending.add(value, price);
    } else {
      if (!started) {
        // Not before: another may have been asked beside it.
        provenance.attempts = budget.used;
        yield { kind: 'started', provenance };
      }
      started = true;
      if (kind === 'delta') {
        builder.add(value);
        yield { kind: 'delta', delta: value };
      } else {
        spending.add(value.usage, price);
        const cost = spending.toCost();
        const answer = builder.build({ requestId, final: value, cost, provenance, nowMs: Date.now() });
        yield { kind: 'completed', answer };
      }
    }
  }
}
