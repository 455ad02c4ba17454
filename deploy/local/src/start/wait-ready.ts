import { setTimeout as delay } from 'node:timers/promises';

/** What `/readyz` says. */
export interface Readiness {
  readonly ok: boolean;
  readonly parts: Readonly<Record<string, string>>;
}

const everyMs = 50;
const callLimitMs = 2000;
const readyLimitMs = 120_000;
/** A service works without some of its parts; at the start they are given time to come up. */
const partsLimitMs = 20_000;

/** The parts that a service is without for the moment, be it ready or not. */
export function missingParts({ parts }: Pick<Readiness, 'parts'>): [part: string, state: string][] {
  return Object.entries(parts).filter(([, state]) => /^(?:down|starting)/.test(state));
}

/** Asks a service's `/readyz`, beside its metrics. Undefined when nothing answers. */
export async function readReadiness(metrics: string): Promise<Readiness | undefined> {
  try {
    const response = await fetch(new URL('/readyz', metrics), { signal: AbortSignal.timeout(callLimitMs) });
    return (await response.json()) as Readiness;
  } catch {
    // Refused, silent or not JSON: it does not answer, which is what the caller is told.
    return undefined;
  }
}

/**
 * Waits until a service can work and, for a while, until the parts it can do without are up too; gives what it says then.
 * @throws Error when it cannot work after two minutes; the signal's reason.
 */
export async function waitReady(options: {
  name: string;
  /** Asked each time: it may have been started again. */
  metrics: () => string;
  signal: AbortSignal;
  /** Hears each time what is still waited for, "redis down: …"; empty where nothing answers yet. */
  onMissing?: (parts: string) => void;
}): Promise<Readiness> {
  const { name, metrics, signal, onMissing } = options;
  const began = performance.now();
  for (;;) {
    const readiness = await readReadiness(metrics());
    const waited = performance.now() - began;
    const missing = readiness ? missingParts(readiness) : [];
    if (readiness?.ok && (missing.length === 0 || waited > partsLimitMs)) return readiness;
    onMissing?.(missing.map(([part, state]) => `${part} ${state}`).join(', '));
    if (waited > readyLimitMs) {
      const states = Object.entries(readiness?.parts ?? { process: 'does not answer' });
      const text = states.map(([part, state]) => `${part} ${state}`).join(', ');
      throw new Error(`${name} is not ready after ${readyLimitMs / 1000} s: ${text}`);
    }
    await delay(everyMs, undefined, { signal });
  }
}
