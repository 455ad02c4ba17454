/**
 * Two that run for one answer. The second sets out when the first has not spoken for a while; whose first piece comes first is heard to its end,
 * the other is called off. One that fails leaves the race to the other.
 */
import { RefrainError } from '@refrain/errors';
import type { Question } from '../ask.ts';
import type { ProviderHealth } from '../health/provider-health.ts';

/** The reason of an attempt that was called off because another spoke first. */
export const outrun = 'OUTRUN';

/**
 * Whether a second may be asked beside one that is slow. Not where nobody waits (the low lane), and not with tools: a host may act on them
 * by itself, and must not do so twice.
 */
export function mayHedge({ chat, lane, settings }: Question): boolean {
  return settings.mesh.limits.hedge !== undefined && lane !== 'low' && chat.tools.length === 0;
}

/** Milliseconds a model may be silent before another is asked too; undefined where hedging is off or its pace is not known. */
export function hedgeDelayMs(
  { model, provider }: { readonly model: string; readonly provider: string },
  { settings }: Question,
  health: Pick<ProviderHealth, 'p95Ms'>,
): number | undefined {
  const afterMs = settings.mesh.limits.hedge?.afterMs;
  return afterMs === 'p95' ? health.p95Ms(provider, model) : afterMs;
}

/** One that runs: what it tells, then whether it answered. */
export interface Runner<Event> {
  readonly events: AsyncGenerator<Event, boolean>;
  /** It spoke first. */
  won(): void;
  /** Ends it soon, whatever it waits for. */
  callOff(reason: RefrainError): void;
}

/** When a second sets out, and who. */
export interface Hedge<Event> {
  readonly delayMs: number;
  /** Undefined where nobody else may be asked. */
  readonly second: () => Runner<Event> | undefined;
}

const slower = () => new RefrainError('canceled', 'Another was quicker.', { reason: outrun });

/** The events of whoever speaks first; false when nobody answered. @throws what a runner throws before anybody has spoken */
export async function* race<Event>(
  first: Runner<Event>,
  { delayMs, second }: Hedge<Event>,
): AsyncGenerator<Event, boolean> {
  type Step = { readonly runner: Runner<Event>; readonly result: IteratorResult<Event, boolean> };
  const running = new Map<Runner<Event>, Promise<Step | 'late'>>();
  const begin = (runner: Runner<Event>) =>
    running.set(
      runner,
      runner.events.next().then((result) => ({ runner, result })),
    );
  let timer: NodeJS.Timeout | undefined;
  let late: Promise<'late'> | undefined = new Promise((resolve) => {
    timer = setTimeout(() => resolve('late'), delayMs);
  });
  begin(first);
  try {
    while (running.size > 0) {
      const step = await Promise.race(late ? [...running.values(), late] : running.values());
      if (step === 'late') {
        late = undefined;
        const other = second();
        if (other) begin(other);
        continue;
      }
      const { result, runner } = step;
      if (result.done) {
        running.delete(runner);
        if (result.value) return true;
        continue;
      }
      for (const other of running.keys()) if (other !== runner) other.callOff(slower());
      runner.won();
      yield result.value;
      return yield* runner.events;
    }
    return false;
  } finally {
    clearTimeout(timer);
    for (const runner of running.keys()) runner.callOff(slower());
    // What the slower one says at its end is nobody's concern: its permit and its payment have heard it.
    await Promise.allSettled([...running.values(), ...[...running.keys()].map(({ events }) => events.return(false))]);
  }
}
