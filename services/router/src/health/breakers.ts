/**
 * A breaker for each model of each provider, seen alike by all routers. Closed: requests pass. Open, after some failures in a row:
 * requests go elsewhere at once. When its time is over one request of the whole mesh tries it; what becomes of that decides. Each
 * router decides by what it has in memory; Redis is told in the background, also of each failure, and read every second. Only who would
 * try, once a minute for a provider that is down, asks Redis first. Without Redis each router decides for itself.
 */
import { type Clock, systemClock } from '@refrain/resilience';
import type { SharedBreakers } from './breakers-shared.ts';

/** From `refrain.yaml`. */
export interface BreakerLimits {
  readonly failures: number;
  readonly cooldownMs: number;
}

/** Closed, or the one request that tries, or so long still open. */
export type Admission = 'closed' | 'probe' | { readonly openMs: number };

/** A probe that says nothing for so long is given up, and another may try. */
const probeMs = 30_000;
const refreshEveryMs = 1000;

interface View {
  failed: number;
  /** 0 while closed. */
  openUntilMs: number;
  /** A request of ours tries it. */
  probing: boolean;
  /** Redis has it too. */
  shared: boolean;
}

/** What the breakers stand on. */
export interface BreakersOptions {
  readonly shared: SharedBreakers;
  /** Hears of each call to Redis that failed. */
  readonly onFault: (error: unknown) => void;
  readonly clock?: Clock;
}

/** All of them, by "<provider>/<model>". */
export class Breakers {
  readonly #views: Map<string, View> = new Map();
  readonly #answeredAtMs: Map<string, number> = new Map();
  readonly #shared: SharedBreakers;
  readonly #onFault: (error: unknown) => void;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;

  constructor({ clock = systemClock, onFault, shared }: BreakersOptions) {
    this.#shared = shared;
    this.#onFault = onFault;
    this.#clock = clock;
  }

  /** Reads what other routers have found out, from now on. Gives the function that ends it. */
  follow(): () => void {
    this.#timer = setInterval(() => void this.refresh(), refreshEveryMs);
    this.#timer.unref();
    return () => clearInterval(this.#timer);
  }

  /** Whether a request may go there. Waits for Redis only where it would be the one that tries. */
  admit(name: string): Admission | Promise<Admission> {
    const view = this.#views.get(name);
    if (!view || view.openUntilMs === 0) return 'closed';
    const openMs = view.openUntilMs - this.#clock.now();
    return openMs > 0 ? { openMs } : this.#claim(name, view);
  }

  /** Milliseconds for which nobody is asked there; 0 where one may be. */
  openMs(name: string): number {
    const { openUntilMs = 0 } = this.#views.get(name) ?? {};
    return Math.max(0, openUntilMs - this.#clock.now());
  }

  /** It answered. While it is open only the one that tries may close it: others began before. */
  succeeded(name: string, isProbe: boolean): void {
    this.#answeredAtMs.set(name, this.#clock.now());
    const view = this.#views.get(name);
    if (!view || (view.openUntilMs > 0 && !isProbe)) return;
    this.#views.delete(name);
    if (isProbe) this.#tell(this.#shared.close(name));
  }

  /**
   * It failed by its own fault. Where that is enough by what this router knows it is open at once; where it is with what others have seen,
   * when Redis has said so. True when that opened it.
   */
  async failed(name: string, isProbe: boolean, limits: BreakerLimits): Promise<boolean> {
    const view = this.#viewOf(name);
    if (view.openUntilMs > 0 && !isProbe) return false;
    view.failed += 1;
    if (isProbe || view.failed >= limits.failures) {
      this.#open(name, view, limits.cooldownMs);
      return !isProbe;
    }
    return this.#failedAnywhere(name, limits);
  }

  async #failedAnywhere(name: string, { cooldownMs, failures }: BreakerLimits): Promise<boolean> {
    const now = this.#clock.now();
    const sinceMs = Math.min(cooldownMs, now - (this.#answeredAtMs.get(name) ?? now - cooldownMs));
    let count: number;
    try {
      count = await this.#shared.failed(name, sinceMs, cooldownMs);
    } catch (error) {
      this.#onFault(error);
      return false;
    }
    if (count < failures) return false;
    // Another may have opened it meanwhile: that must not lengthen its time.
    await this.refresh();
    const view = this.#viewOf(name);
    if (view.openUntilMs > 0) return false;
    this.#open(name, view, cooldownMs);
    return true;
  }

  /** The one that tried found nothing out: the next may. */
  released(name: string): void {
    const view = this.#views.get(name);
    if (view?.probing) this.#open(name, view, 0);
  }

  /** Takes over what the others know. */
  async refresh(): Promise<void> {
    let open: ReadonlyMap<string, number>;
    try {
      open = await this.#shared.read();
    } catch (error) {
      this.#onFault(error);
      return;
    }
    const now = this.#clock.now();
    for (const [name, openMs] of open) {
      const view = this.#viewOf(name);
      view.shared = true;
      if (!view.probing) view.openUntilMs = now + Math.max(0, openMs);
    }
    for (const [name, view] of this.#views) {
      // Another router closed it.
      if (view.shared && !view.probing && !open.has(name)) this.#views.delete(name);
    }
  }

  async #claim(name: string, view: View): Promise<Admission> {
    view.probing = true;
    view.openUntilMs = this.#clock.now() + probeMs;
    let openMs = 0;
    try {
      openMs = await this.#shared.claim(name, probeMs);
    } catch (error) {
      this.#onFault(error);
    }
    if (openMs === 0) return 'probe';
    view.probing = false;
    view.openUntilMs = this.#clock.now() + openMs;
    return { openMs };
  }

  #open(name: string, view: View, forMs: number): void {
    view.probing = false;
    view.openUntilMs = this.#clock.now() + forMs;
    const told = this.#shared.open(name, forMs).then(() => {
      view.shared = true;
    });
    this.#tell(told);
  }

  #viewOf(name: string): View {
    const view = this.#views.get(name) ?? { failed: 0, openUntilMs: 0, probing: false, shared: false };
    this.#views.set(name, view);
    return view;
  }

  #tell(told: Promise<void>): void {
    told.catch(this.#onFault);
  }
}
