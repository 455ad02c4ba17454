/**
 * The pool as this process knows it: in force while Redis is away, from the last state that was read there and what this process has
 * done since. It decides as the scripts do; what other workers do meanwhile it cannot know.
 */
import { RefrainError } from '@refrain/errors';
import type { KeyRecord } from '@refrain/state';
import type { Days } from './day.ts';
import {
  advance,
  hear,
  judge,
  lately,
  type Moment,
  momentOf,
  type Outcome,
  type Records,
  settle,
  take,
} from './decide.ts';
import type { Lease, LeaseQuery, ToldHead, Want } from './lease.ts';
import type { GroupLimits, PoolPlan } from './pool-plan.ts';
import { freshKey, freshModel, lookedAt, type ModelRecord } from './records.ts';

/** Why there is no key: as the script says it. */
export type Refusal = { readonly why: 'denied' | 'tried' | 'busy' } | { readonly why: 'wait'; readonly ms: number };

/** A key that was taken. */
export interface Taken {
  readonly id: string;
  readonly at: number;
  readonly probe: boolean;
  readonly used: number;
  readonly counters: readonly [number, number, number];
}

interface Candidate {
  readonly id: string;
  readonly limits: GroupLimits;
  readonly place: number;
  readonly near: boolean;
  readonly points: number;
}

/** A search for a key, and what it has seen. */
interface Search {
  readonly plan: PoolPlan;
  readonly query: LeaseQuery;
  readonly moment: Moment;
  working: number;
  untried: number;
  busy: boolean;
  at: number;
}

const entryLength = 13;

/** What this process knows of a provider's keys. */
export class LocalPool {
  days: Pick<Days, 'around'>;
  #keys: Map<string, KeyRecord> = new Map();
  readonly #models: Map<string, Map<string, ModelRecord>> = new Map();
  /** Leases under way here. */
  #running = 0;
  #cursor = 0;

  constructor(days: Pick<Days, 'around'>) {
    this.days = days;
  }

  /** What is known of the keys, by their hash. */
  get keys(): ReadonlyMap<string, KeyRecord> {
    return this.#keys;
  }

  /** Models that were asked for. */
  get models(): readonly string[] {
    return [...this.#models.keys()];
  }

  /** What is known of a key for one model. */
  modelRecord(model: string, id: string): ModelRecord | undefined {
    return this.#models.get(model)?.get(id);
  }

  /** Whether a key rests for any model. */
  isResting(id: string, now: number): boolean {
    return [...this.#models.values()].some((byKey) => (byKey.get(id)?.restUntil ?? 0) > now);
  }

  /** The state as it was read from Redis. */
  replace(keys: Map<string, KeyRecord>, models: ReadonlyMap<string, Map<string, ModelRecord>>): void {
    this.#keys = keys;
    for (const [model, records] of models) this.#models.set(model, records);
  }

  /** Takes a key by the plan. */
  lease(plan: PoolPlan, query: LeaseQuery, now: number): Taken | Refusal {
    const search = this.#search(plan, query, now);
    const best = this.#preferred(plan, query, now) ?? this.#best(search);
    if (!best) {
      if (search.working === 0) return { why: 'denied' };
      if (search.untried === 0) return { why: 'tried' };
      return search.busy ? { why: 'busy' } : { why: 'wait', ms: Math.ceil(search.at - now) };
    }
    if (plan.concurrency > 0 && this.#running >= plan.concurrency) return { why: 'busy' };
    this.#cursor = best.place + 1;
    return this.take(best, query, now);
  }

  /** Whether `lease` would find one, were there a place. */
  available(plan: PoolPlan, query: LeaseQuery, now: number): boolean {
    return this.#best(this.#search(plan, query, now)) !== undefined;
  }

  /** Counts a call in, whoever chose its key. */
  take(
    { id, limits }: { readonly id: string; readonly limits?: GroupLimits },
    { model, want }: Pick<LeaseQuery, 'model' | 'want'>,
    now: number,
  ): Taken {
    const moment = this.#moment(now);
    const records = this.#records(id, model, now);
    advance(records.key, moment);
    const probe = take(records, want, moment);
    this.#running += 1;
    const used = limits ? judge(records, { limits, want }, moment).used : 0;
    const { leased, prompt, output } = records.model;
    return { id, at: now, probe, used, counters: [leased, prompt, output] };
  }

  /** Counts a call out. */
  settle(
    lease: {
      readonly id: string;
      readonly model: string;
      readonly at: number;
      readonly probe: boolean;
      readonly want: Want;
    },
    outcome: Outcome,
    at: { readonly now: number; readonly probeMs: number; readonly isCheck?: boolean },
  ): KeyRecord {
    const records = this.#records(lease.id, lease.model, at.now);
    advance(records.key, this.#moment(at.now));
    // A check took no place.
    if (at.isCheck) records.key.running += 1;
    else this.#running = Math.max(0, this.#running - 1);
    settle(records, { ...outcome, lease }, at);
    return records.key;
  }

  /** Learns from the head of a reply. */
  hear({ key, model, counters }: Pick<Lease, 'key' | 'model' | 'counters'>, head: ToldHead, now: number): void {
    hear(this.#records(key.id, model, now), { ...head, counters }, now);
  }

  /** One that was refused lately is probed no sooner; one that was revived may be used. */
  revive(id: string, now: number): void {
    const key = this.#keys.get(id);
    if (key) Object.assign(key, { disabled: '', disabledAt: now, probeAt: 0, trial: 1 });
  }

  #moment(now: number): Moment {
    return momentOf(now, this.days.around(now));
  }

  #records(id: string, model: string, now: number): Records {
    const key = this.#keys.get(id) ?? freshKey(now);
    this.#keys.set(id, key);
    const byKey = this.#models.get(model) ?? new Map<string, ModelRecord>();
    this.#models.set(model, byKey);
    const record = byKey.get(id) ?? freshModel();
    byKey.set(id, record);
    return { key, model: record };
  }

  #search(plan: PoolPlan, query: LeaseQuery, now: number): Search {
    const nothing = { working: 0, untried: 0, busy: false, at: Number.POSITIVE_INFINITY };
    return { plan, query, moment: this.#moment(now), ...nothing };
  }

  #preferred(plan: PoolPlan, query: LeaseQuery, now: number): Candidate | undefined {
    const { preferred = '' } = query;
    if (preferred === '') return undefined;
    const entry = plan.tiers.flatMap(entriesOf).find((each) => each.startsWith(preferred));
    return entry === undefined ? undefined : this.#look(this.#search(plan, query, now), entry, this.#cursor - 1);
  }

  /** As many of the first tier as the script looks at; more, and the next tier, only where none of these will do. */
  #best(search: Search): Candidate | undefined {
    let best: Candidate | undefined;
    for (const tier of search.plan.tiers) {
      const entries = entriesOf(tier);
      for (let i = 0; i < entries.length; i += 1) {
        const place = (this.#cursor + i) % entries.length;
        const found = this.#look(search, entries[place] ?? '', place);
        if (found && isBetter(found, best)) best = found;
        const isLast = i === entries.length - 1 || (i + 1) % lookedAt === 0;
        if (best && !best.near && (isLast || search.plan.strategy === 'round-robin')) return best;
      }
      if (best) return best;
    }
    return best;
  }

  #look(search: Search, entry: string, place: number): Candidate | undefined {
    const { plan, query, moment } = search;
    const id = entry.slice(0, entryLength - 1);
    const limits = plan.limits[entry.charCodeAt(entryLength - 1) - 65];
    const records = this.#records(id, query.model, moment.now);
    if (!limits || records.key.disabled !== '') return undefined;
    search.working += 1;
    if (query.excluded.includes(id)) return undefined;
    search.untried += 1;
    advance(records.key, moment);
    const { verdict, at, used } = judge(records, { limits, want: query.want }, moment);
    if (verdict === 'busy') search.busy = true;
    if (verdict === 'wait') search.at = Math.min(search.at, at);
    if (verdict !== 'ok') return undefined;
    const points = plan.strategy === 'most-headroom' ? used : lately(records.key, moment.now) / weightIn(plan, limits);
    return { id, limits, place, near: used >= plan.threshold, points: plan.strategy === 'round-robin' ? 0 : points };
  }
}

function weightIn({ strategy }: PoolPlan, limits: GroupLimits): number {
  return strategy === 'weighted' ? limits[5] : 1;
}

function isBetter(found: Candidate, best: Candidate | undefined): boolean {
  if (!best || (best.near && !found.near)) return true;
  return best.near === found.near && found.points < best.points;
}

function entriesOf(tier: string): string[] {
  return Array.from({ length: tier.length / entryLength }, (_, i) =>
    tier.slice(i * entryLength, (i + 1) * entryLength),
  );
}

/** A refusal as the router hears it. */
export function toRefusal(refusal: Refusal): RefrainError {
  const reason = 'NO_KEY';
  switch (refusal.why) {
    case 'denied':
      return new RefrainError('upstream_denied', 'The provider has no key left that works.', { reason });
    case 'tried':
      return new RefrainError('upstream_exhausted', "All of the provider's keys have been tried.", { reason });
    case 'busy':
      return new RefrainError('overloaded', 'The provider has as many calls as it may have at once.', {
        reason: 'PROVIDER_BUSY',
      });
    case 'wait':
      return new RefrainError('upstream_exhausted', "All of the provider's keys are resting.", {
        reason,
        retryAfterMs: Math.max(1, refusal.ms),
      });
  }
}
