/** All that is done about the keys of one provider: the pool, what keeps it in step with Redis, alerts, checks, metrics. */
import { type Bus, createAlerts } from '@refrain/bus';
import { RefrainError } from '@refrain/errors';
import type { Logger, ProviderConfig } from '@refrain/service';
import { type State, sayOnce } from '@refrain/state';
import type { WorkerMetrics } from '../metrics.ts';
import { KeyAlerts } from './alerts.ts';
import { KeyChecks } from './checks.ts';
import { Days } from './day.ts';
import type { PooledKey } from './key-set.ts';
import { toPlan } from './pool-plan.ts';
import { SharedPool } from './shared-pool.ts';

/** What a fleet agrees on about keys. */
export interface KeySettings {
  /** Keys of this region come first. */
  readonly region: string | undefined;
  /** The share of a quota from which on other keys are preferred and an alert is sent. */
  readonly alertThreshold: number;
  /** Between two looks at all keys; 0: none. */
  readonly checkEveryMs: number;
}

/** What the keys of a provider are kept with. */
export interface ProviderKeysParts {
  readonly provider: string;
  readonly settings: KeySettings;
  readonly state: State;
  readonly bus: Pick<Bus, 'connected' | 'publish' | 'ensureStream'>;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  readonly encoding: () => 'json' | 'protobuf';
}

/** Asks the provider something that costs nothing. Throws RefrainError. */
export type AskOfKey = (key: PooledKey, signal: AbortSignal) => Promise<void>;

/** How many keys are in use, resting (for some model), and out. */
export interface KeyCounts {
  readonly active: number;
  readonly resting: number;
  readonly disabled: number;
}

/** A third of the time after which a lease ends by itself. */
const tendEveryMs = 5000;
/** While Redis is away or has just come back. */
const tendSoonMs = 500;
const probeEveryMs = 15_000;
const firstProbeMs = 15 * 60_000;
const dayMs = 86_400_000;

/** The keys of one provider, tended until stopped. */
export class ProviderKeys {
  readonly pool: SharedPool;
  readonly #parts: ProviderKeysParts;
  readonly #alerts: KeyAlerts;
  readonly #checks: KeyChecks;
  readonly #timers: NodeJS.Timeout[] = [];
  #tending: NodeJS.Timeout | undefined;
  #ask: AskOfKey;
  #isStopped = false;

  constructor(
    parts: ProviderKeysParts,
    { config, keys, ask }: { config: ProviderConfig; keys: readonly PooledKey[]; ask: AskOfKey },
  ) {
    const { provider, state, log, settings } = parts;
    this.#parts = parts;
    this.#ask = ask;
    const { alertThreshold: threshold, checkEveryMs: everyMs } = settings;
    const now = () => this.pool.now();
    const raise = createAlerts({
      ...parts,
      isFirst: (cause, quietMs) => sayOnce(state, cause, quietMs),
      onAlert: ({ kind }) => parts.metrics.alerted(provider, kind),
      now,
    });
    this.#alerts = new KeyAlerts({ provider, raise, threshold });
    const days = new Days(config.resetTimeZone);
    const pool = { provider, state, days, log, watcher: this.#alerts, probeMs: firstProbeMs };
    this.pool = new SharedPool(pool, keys, this.#plan(config, keys));
    const onLook = (isUp: boolean) => parts.metrics.looked(provider, isUp);
    const asking: AskOfKey = (key, signal) => this.#ask(key, signal);
    this.#checks = new KeyChecks({ provider, pool: this.pool, state, log, ask: asking, everyMs, onLook });
    void this.#tend();
    this.#every(probeEveryMs, () => this.#checks.probeDue());
    if (everyMs > 0) this.#every(everyMs, () => this.#checks.lookAtAll());
  }

  /** Other keys or other limits from now on. */
  replace(config: ProviderConfig, keys: readonly PooledKey[], ask: AskOfKey = this.#ask): void {
    this.#ask = ask;
    const { metrics, provider } = this.#parts;
    const kept = new Set(keys.map(({ id }) => id));
    for (const id of this.pool.keys.keys()) if (!kept.has(id)) metrics.keyGone(provider, id);
    this.pool.replaceKeys(keys, this.#plan(config, keys), new Days(config.resetTimeZone));
    void this.#tend();
  }

  /** What is known now. */
  counts(): KeyCounts {
    const now = this.pool.now();
    const ids = [...this.pool.keys.keys()];
    const isOut = (id: string) => (this.pool.local.keys.get(id)?.disabled ?? '') !== '';
    const disabled = ids.filter(isOut).length;
    const resting = ids.filter((id) => !isOut(id) && this.pool.local.isResting(id, now)).length;
    return { active: ids.length - disabled - resting, resting, disabled };
  }

  /** Ends all that is done beside the calls. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#tending);
    for (const timer of this.#timers) clearInterval(timer);
    this.#checks.stop();
  }

  #plan(config: ProviderConfig, keys: readonly PooledKey[]) {
    const { region, alertThreshold } = this.#parts.settings;
    return toPlan(config, keys, { region, threshold: alertThreshold });
  }

  #every(ms: number, what: () => Promise<void>): void {
    const run = () => what().catch((error: unknown) => this.#onFault(error));
    const timer = setInterval(() => void run(), ms);
    timer.unref();
    this.#timers.push(timer);
  }

  /** Keeps leases alive, tells Redis what it missed, and reads what others did. */
  async #tend(): Promise<void> {
    clearTimeout(this.#tending);
    try {
      await this.pool.catchUp();
      await this.pool.renew();
      await this.pool.synchronize();
      this.#lookForUnused();
    } catch (error) {
      this.#onFault(error);
    }
    this.#tell();
    if (this.#isStopped) return;
    this.#tending = setTimeout(() => void this.#tend(), this.pool.isShared ? tendEveryMs : tendSoonMs);
    this.#tending.unref();
  }

  /** Keys that nobody has used for a day, while others worked. */
  #lookForUnused(): void {
    const { pool } = this;
    const since = pool.now() - dayMs;
    const known = [...pool.keys.keys()].flatMap((id) => {
      const record = pool.local.keys.get(id);
      return record ? [{ id, ...record }] : [];
    });
    if (!known.some(({ lastUsedAt }) => lastUsedAt > since)) return;
    for (const { id, disabled, lastUsedAt, addedAt } of known) {
      if (disabled === '' && Math.max(lastUsedAt, addedAt) < since) this.#alerts.unused(id);
    }
  }

  #tell(): void {
    const { metrics, provider } = this.#parts;
    const now = this.pool.now();
    for (const id of this.pool.keys.keys()) {
      const record = this.pool.local.keys.get(id);
      if (record) metrics.key(provider, id, { record, isResting: this.pool.local.isResting(id, now) });
    }
  }

  /** Redis is away: the pool says so once. All else is a bug, and told as one. */
  #onFault(error: unknown): void {
    const { log, provider } = this.#parts;
    if (error instanceof RefrainError && error.code === 'unavailable')
      log.debug({ provider, err: error }, 'keys wait for Redis');
    else log.error({ provider, err: error }, 'the keys could not be tended');
  }
}
