/** What the semantic level asks of what was learned, and tells it: three questions on the way of a lookup, of which one may visit Redis. */

import type { RefrainError } from '@refrain/errors';
import { sigmoid, Traffic } from '@refrain/judgement';
import { BoundedMap } from '@refrain/resilience';
import type { Logger, Metrics } from '@refrain/service';
import type { State } from '@refrain/state';
import type { Partition } from '../entries/partition.ts';
import type { RedisKeys } from '../entries/redis-keys.ts';
import type { Settings } from '../requests/settings.ts';
import { confidenceInForce } from './confidence-in-force.ts';
import { EntryTrust, type Trust } from './entry-trust.ts';
import { binOf, type Evidence } from './evidence.ts';
import { Ledger } from './ledger.ts';
import { Meter } from './meter.ts';

/** Why a hit that the shipped verifier accepts is not served after all. */
export type LearnedRefusal = 'tightened' | 'entry_tightened' | 'quarantined';

const flushEveryMs = 1000;
/** Partitions whose meter and traffic are known at once. */
const maximumKnown = 5000;

/** What was learned. */
export class Learning {
  readonly ledger: Ledger;
  readonly trust: EntryTrust;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #meters: BoundedMap<string, Meter> = new BoundedMap(maximumKnown);
  readonly #traffic: BoundedMap<string, Traffic> = new BoundedMap(maximumKnown);
  readonly #switched;
  readonly #timer: NodeJS.Timeout;

  constructor(options: { state: State; keys: RedisKeys; metrics: Metrics; log: Logger; nowMs: () => number }) {
    const { state, keys, metrics, log, nowMs } = options;
    this.#nowMs = nowMs;
    const failed = metrics.counter('cache_learning_failures_total', 'Counts that Redis did not take at once.', [
      'reason',
    ]);
    const onFailure = ({ reason }: RefrainError) => failed.inc({ reason });
    this.ledger = new Ledger({ state, keys, onFailure });
    this.trust = new EntryTrust(state, keys);
    this.#log = log;
    this.#switched = metrics.counter('cache_break_even_total', 'Partitions whose semantic level was switched.', ['to']);
    this.#timer = setInterval(() => void this.ledger.flush(), flushEveryMs);
    this.#timer.unref();
  }

  /** Whether the level is worth asking here, now. */
  mayLook(partition: Partition, { cache }: Settings): boolean {
    return !cache.semantic.breakEven || this.#meter(partition).mayLook();
  }

  /** Whether the level is on here, as this cache measures it. */
  isOn(partition: Partition, { cache }: Settings): boolean {
    return !cache.semantic.breakEven || this.#meter(partition).on;
  }

  /**
   * Why a hit at this confidence is not served, undefined where it is; `trust` is that in its entry, where somebody has asked for it already.
   * @throws RefrainError `unavailable`: who does not know must not serve
   */
  async refusal(
    partition: Partition,
    hit: { readonly id: string; readonly confidence: number; readonly trust?: Promise<Trust> | undefined },
    settings: Settings,
  ): Promise<LearnedRefusal | undefined> {
    const asked = hit.trust ?? this.trust.of(partition, hit.id);
    const [evidence, trust] = await Promise.all([this.ledger.read(partition), asked]);
    if (trust.quarantined) return 'quarantined';
    if (hit.confidence <= trust.floor) return 'entry_tightened';
    return hit.confidence < inForce(evidence, settings, this.shift(partition)) ? 'tightened' : undefined;
  }

  /** Log-odds that the partition's traffic adds to a candidate's. */
  shift(partition: Partition): number {
    return this.#trafficOf(partition).shift;
  }

  /** The likeliest candidate of a lookup had this probability of being the same question. */
  compared(partition: Partition, probability: number): void {
    this.#trafficOf(partition).saw(probability);
  }

  /** How often what is near is the same here (`Traffic`). */
  repeatShare(partition: Partition): number {
    return this.#trafficOf(partition).repeatShare;
  }

  /** The shipped verifier would have served this. */
  wouldHit(partition: Partition, confidence: number): void {
    this.ledger.add(partition, `hits:${binOf(confidence)}`);
    this.ledger.add(partition, 'hitsEver');
  }

  /** It was served: from now on somebody may find it wrong. */
  served(partition: Partition, confidence: number): void {
    this.ledger.add(partition, `exposed:${binOf(confidence)}`);
  }

  /** Somebody knows whether a hit at a confidence of that bin was right; `sampled` where it was chosen to be judged and not complained of. */
  judged(partition: Partition, bin: number, verdict: { wrong: boolean; served: boolean; sampled: boolean }): void {
    const { wrong, served, sampled } = verdict;
    this.ledger.add(partition, `judged:${bin}`);
    if (!served) this.ledger.add(partition, `exposed:${bin}`);
    if (sampled) this.ledger.add(partition, `sampled:${bin}`);
    if (!wrong) return;
    this.ledger.add(partition, `wrong:${bin}`);
    if (sampled) this.ledger.add(partition, `sampledWrong:${bin}`);
  }

  /** A lookup among entries is over; `saved` is of its hit. */
  looked(partition: Partition, spentMs: number, saved: { readonly nanoUsd: bigint } | undefined): void {
    const typicalUs = this.ledger.known(partition)?.typicalUs;
    this.ledger.add(partition, 'lookups');
    this.ledger.add(partition, 'lookupsEver');
    this.ledger.add(partition, 'spentUs', spentMs * 1000);
    if (saved) {
      this.ledger.add(partition, 'savedUs', typicalUs ?? 0);
      this.ledger.add(partition, 'savedNanoUsd', Number(saved.nanoUsd));
    }
    const switched = this.#meter(partition).looked({
      spentMs,
      hit: saved !== undefined,
      savedMs: typicalUs === undefined ? undefined : typicalUs / 1000,
      savedNanoUsd: saved?.nanoUsd ?? 0n,
    });
    if (!switched) return;
    this.#switched.inc({ to: switched });
    this.#log.info({ ...partition, to: switched }, 'the semantic level was switched by what it saves');
  }

  /** A fresh answer was stored that took so long; 0 where nobody knows. */
  answered(partition: Partition, tookMs: number): void {
    if (tookMs === 0) return;
    this.ledger.add(partition, 'answers');
    this.ledger.add(partition, 'answersUs', tookMs * 1000);
  }

  /** Tenants are erased: nothing that was counted of them here may come back once this has resolved. */
  forget(isErased: (tenant: string) => boolean): Promise<void> {
    return this.ledger.forget(isErased);
  }

  /** Hands over what was counted. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.ledger.flush();
  }

  #meter(partition: Partition): Meter {
    return kept(this.#meters, partition, () => new Meter(this.#nowMs));
  }

  #trafficOf(partition: Partition): Traffic {
    return kept(this.#traffic, partition, () => new Traffic());
  }
}

function kept<T>(known: BoundedMap<string, T>, { tenant, key }: Partition, create: () => T): T {
  const name = `${tenant}/${key}`;
  const there = known.get(name);
  if (there !== undefined) return there;
  const fresh = create();
  known.set(name, fresh);
  return fresh;
}

/** The least confidence that is served: the shipped one, lower by what the traffic adds, higher where evidence asks for it. */
export function inForce(evidence: Evidence, { cache, shippedConfidence }: Settings, shift: number): number {
  return confidenceInForce(evidence, lowered(shippedConfidence, shift), cache.semantic.maxWrongHitRate);
}

function lowered(confidence: number, shift: number): number {
  return confidence <= 0 || confidence >= 1 ? confidence : sigmoid(Math.log(confidence / (1 - confidence)) - shift);
}
