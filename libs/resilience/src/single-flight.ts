/**
 * N askers of one key share one run. The run's events are kept while it lasts, so a late joiner first hears what was
 * said and then goes on live. A joiner that leaves stops nothing; when the last one leaves, the run is aborted. An
 * error reaches everybody who still listens. The key is free again as soon as the run ends.
 */
import { RefrainError } from '@refrain/errors';

/** A place in a flight. */
export interface Joined<Event> {
  /** Whether this joiner started the run. */
  readonly leader: boolean;
  readonly events: AsyncIterable<Event>;
}

/** Made once: an abort without a reason makes a DOMException with its stack for each flight. */
const nobodyListens = new RefrainError('canceled', 'Nobody listens any more.');

class Flight<Event> {
  readonly events: Event[] = [];
  readonly #abort = new AbortController();
  readonly #wake: Set<() => void> = new Set();
  #ended = false;
  #error: unknown;
  #listeners = 0;

  async run(lead: (signal: AbortSignal) => AsyncIterable<Event>, onEnd: () => void): Promise<void> {
    try {
      for await (const event of lead(this.#abort.signal)) {
        this.events.push(event);
        this.#notify();
      }
    } catch (error) {
      this.#error = { error };
    }
    this.#ended = true;
    onEnd();
    this.#notify();
  }

  /** Counted from the moment of joining, so that a leader that never reads cannot strand a follower. */
  listen(): AsyncIterable<Event> {
    this.#listeners += 1;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      this.#listeners -= 1;
      if (this.#listeners === 0 && !this.#ended) this.#abort.abort(nobodyListens);
    };
    let next = 0;
    const iterator: AsyncIterator<Event> = {
      next: async () => {
        while (!left) {
          const event = this.events[next];
          if (event !== undefined) {
            next += 1;
            return { done: false, value: event };
          }
          if (this.#ended) {
            leave();
            if (this.#error) throw (this.#error as { error: unknown }).error;
            break;
          }
          await new Promise<void>((resolve) => this.#wake.add(resolve));
        }
        return { done: true, value: undefined };
      },
      return: async () => {
        leave();
        this.#notify();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  get abandoned(): boolean {
    return this.#abort.signal.aborted;
  }

  #notify(): void {
    const waiting = [...this.#wake];
    this.#wake.clear();
    for (const wake of waiting) wake();
  }
}

/** Runs one `lead` for each key at a time. Events must not be undefined. */
export class SingleFlight<Event> {
  readonly #flights: Map<string, Flight<Event>> = new Map();

  /** Flights under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** Joins the flight of a key, or starts it. The joiner must read its events or call their iterator's `return`. */
  join(key: string, lead: (signal: AbortSignal) => AsyncIterable<Event>): Joined<Event> {
    const running = this.#flights.get(key);
    if (running && !running.abandoned) return { leader: false, events: running.listen() };
    const flight = new Flight<Event>();
    this.#flights.set(key, flight);
    const events = flight.listen();
    void flight.run(lead, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    return { leader: true, events };
  }
}
