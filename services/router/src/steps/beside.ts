/** A hop that may get company: the next of the route is asked beside one that is slow. */

import { attemptsLeft, type Hop, type Run } from '../attempt/run.ts';
import type { FlightAttempt } from '../flights/flight-records.ts';
import type { FlightEvent } from './coalesce.ts';
import { type Runner, race } from './hedge.ts';

/** Tries one model with as many keys as are worth it; true when it answered. */
export type TryHop = (hop: Hop, run: Run) => AsyncGenerator<FlightEvent, boolean>;

/** Tries one model, and when it is slow the next of the route that may be asked beside it; true when one of them answered. */
export function tryBeside(
  hop: Hop,
  { left, delayMs, tryHop }: { readonly left: Hop[]; readonly delayMs: number; readonly tryHop: TryHop },
  run: Run,
): AsyncGenerator<FlightEvent, boolean> {
  const second = () => {
    const next = left.findIndex(({ degraded, model, provider }) => !degraded && !run.health.isOpen(provider, model));
    const other = left[next];
    if (!other || attemptsLeft(run) < 1) return undefined;
    if (!run.health.mayHedge(other.provider, run.question.settings.mesh.limits)) return undefined;
    left.splice(next, 1);
    const won = () => run.health.hedgeWon(other.provider);
    return runnerOf({ ...other, reason: 'hedge:slow' }, run, { tryHop, onWon: won });
  };
  return race(runnerOf(hop, run, { tryHop }), { delayMs, second });
}

/** A hop on its own signal. Other routers hear of its attempt once it has won: they would listen to one that is called off. */
function runnerOf(
  hop: Hop,
  run: Run,
  { tryHop, onWon }: { readonly tryHop: TryHop; readonly onWon?: () => void },
): Runner<FlightEvent> {
  const own = new AbortController();
  let attempt: FlightAttempt | undefined;
  const lease: Run['lease'] = {
    announce: (taken) => {
      attempt = taken;
    },
  };
  return {
    events: besideOthers(hop, { ...run, signal: AbortSignal.any([run.signal, own.signal]), lease }, tryHop),
    won: () => {
      onWon?.();
      if (attempt) run.lease?.announce(attempt);
    },
    callOff: (reason) => own.abort(reason),
  };
}

async function* besideOthers(hop: Hop, run: Run, tryHop: TryHop): AsyncGenerator<FlightEvent, boolean> {
  if (run.beside) run.beside.hops += 1;
  try {
    return yield* tryHop(hop, run);
  } finally {
    if (run.beside) run.beside.hops -= 1;
  }
}
