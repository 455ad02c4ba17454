/** Whether a key can be used now, and what using it changes: the TypeScript form of what the scripts do (see scripts/prelude.ts). */
import type { KeyRecord } from '@refrain/state';
import type { Settlement, ToldHead, Want } from './lease.ts';
import type { GroupLimits } from './pool-plan.ts';
import { leaseMs, type ModelRecord, probeWaitMs, slotMs, slots, untoldRestMs, windowMs } from './records.ts';

/** What is kept of a key, altogether and for one model. */
export interface Records {
  readonly key: KeyRecord;
  readonly model: ModelRecord;
}

/** Usable, or not: because of too many calls at once, until a time, or for good. */
export interface Judgement {
  readonly verdict: 'ok' | 'busy' | 'wait' | 'denied';
  readonly at: number;
  /** The share of its tightest quota that is used. */
  readonly used: number;
}

/** A moment and the midnights around it. */
export interface Moment {
  readonly now: number;
  readonly day: number;
  readonly nextDay: number;
}

const dayMs = 86_400_000;

/** The day that a moment lies in. */
export function momentOf(now: number, midnights: readonly number[]): Moment {
  for (let i = midnights.length - 2; i >= 0; i -= 1) {
    const [day = 0, nextDay = 0] = [midnights[i], midnights[i + 1]];
    if (day <= now) return { now, day, nextDay };
  }
  const day = now - (now % dayMs);
  return { now, day, nextDay: day + dayMs };
}

/** The numbers that limits are about, in the order in which headers tell them. */
export function wants({ promptTokens, outputTokens }: Want): readonly [number, number, number, number] {
  return [1, promptTokens + outputTokens, promptTokens, outputTokens];
}

/** Brings the counts of a key up to the moment. */
export function advance(key: KeyRecord, { now, day }: Moment): void {
  const slot = Math.floor(now / slotMs);
  const ahead = slot - key.slot;
  if (ahead > 0) {
    const moved = (counts: readonly number[]) => counts.map((_, i) => counts[i - ahead] ?? 0);
    key.slotRequests = moved(key.slotRequests);
    key.slotTokens = moved(key.slotTokens);
    key.slot = slot;
  }
  if (key.day < day) Object.assign(key, { day, dayRequests: 0, dayTokens: 0 });
}

function whenFits(
  { counts, slot }: { counts: readonly number[]; slot: number },
  limit: number,
  need: number,
): [at: number, used: number] {
  let sum = counts.reduce((total, count) => total + count, 0);
  const used = sum / limit;
  if (sum + need <= limit) return [0, used];
  for (let i = slots; i >= 1; i -= 1) {
    sum -= counts[i - 1] ?? 0;
    if (sum + need <= limit) return [(slot - i + 1 + slots) * slotMs, used];
  }
  return [(slot + slots) * slotMs, used];
}

/** Judges a key whose counts are up to the moment. */
export function judge(
  { key, model }: Records,
  { limits, want }: { limits: GroupLimits; want: Want },
  { now, nextDay }: Moment,
): Judgement {
  if (key.disabled !== '') return { verdict: 'denied', at: 0, used: 0 };
  const [perMinute, perDay, tokensPerMinute, tokensPerDay, concurrency] = limits;
  const needs = wants(want);
  const tokens = needs[1];
  const notes: (readonly [at: number, used: number])[] = [[model.restUntil, 0]];
  for (const [i, need] of needs.entries()) {
    const [left = -1, limit = 0, reset = 0] = model.windows.slice(i * 3, i * 3 + 3);
    if (left < 0 || reset <= now) continue;
    notes.push([left < (limit > 0 ? Math.min(need, limit) : need) ? reset : 0, limit > 0 ? 1 - left / limit : 0]);
  }
  if (perMinute > 0) notes.push(whenFits({ counts: key.slotRequests, slot: key.slot }, perMinute, 1));
  if (tokensPerMinute > 0) {
    const need = Math.min(tokens, tokensPerMinute);
    notes.push(whenFits({ counts: key.slotTokens, slot: key.slot }, tokensPerMinute, need));
  }
  const daily = (used: number, limit: number, need: number) =>
    [used + need > limit ? nextDay : 0, used / limit] as const;
  if (perDay > 0) notes.push(daily(key.dayRequests, perDay, 1));
  if (tokensPerDay > 0) notes.push(daily(key.dayTokens, tokensPerDay, Math.min(tokens, tokensPerDay)));
  const at = Math.max(...notes.map((note) => note[0]));
  const used = Math.max(...notes.map((note) => note[1]));
  if (at > now) return { verdict: 'wait', at, used };
  const isTried = (key.trial === 1 && key.running > 0) || (model.halfOpen === 1 && model.probeUntil > now);
  if (isTried) return { verdict: 'wait', at: now + probeWaitMs, used };
  if (concurrency > 0 && key.running >= concurrency) return { verdict: 'busy', at: 0, used };
  return { verdict: 'ok', at: 0, used };
}

/** Requests of late, each counting half after a minute. */
export function lately(key: KeyRecord, now: number): number {
  return key.lately * 2 ** ((key.latelyAt - now) / 60_000);
}

/** Counts a call in; gives whether it tries a key that has rested. */
export function take({ key, model }: Records, want: Want, { now }: Moment): boolean {
  const needs = wants(want);
  key.lately = Math.floor((lately(key, now) + 1) * 1000 + 0.5) / 1000;
  key.latelyAt = now;
  key.lastUsedAt = now;
  key.running += 1;
  key.requests += 1;
  key.slotRequests[0] = (key.slotRequests[0] ?? 0) + 1;
  key.slotTokens[0] = (key.slotTokens[0] ?? 0) + needs[1];
  key.dayRequests += 1;
  key.dayTokens += needs[1];
  model.leased += 1;
  model.prompt += want.promptTokens;
  model.output += want.outputTokens;
  for (const [i, need] of needs.entries()) {
    const left = model.windows[i * 3] ?? -1;
    if (left >= 0) model.windows[i * 3] = (model.windows[i * 3 + 2] ?? 0) > now ? Math.max(0, left - need) : -1;
  }
  const isProbe = model.halfOpen === 1;
  if (isProbe) model.probeUntil = now + leaseMs;
  return isProbe;
}

/** What a settlement comes to in the pool's words. */
export interface Outcome {
  readonly outcome: 'ok' | 'neutral' | 'unused' | 'rest' | 'failed' | 'denied';
  readonly restMs: number;
  readonly reason: string;
  /** What the call used, of what it wanted. */
  readonly spent: number;
}

/** Failures of the provider itself, whichever key was used. */
const providerFaults: ReadonlySet<string> = new Set([
  'UPSTREAM_FAILED',
  'UPSTREAM_SILENT',
  'UPSTREAM_OVERLOADED',
  'CONNECTION_FAILED',
  'MALFORMED',
  'TRUNCATED',
]);

/** 401, 402 and 403 take the key out, 429 lets it rest as long as told; the provider's own fault is none of the key's, unless it told a time. */
export function outcomeOf(settlement: Settlement): Outcome {
  if (settlement.kind === 'unused') return { outcome: 'unused', restMs: 0, reason: '', spent: 0 };
  const { error, tokens } = settlement;
  const spent = tokens;
  if (!error) return { outcome: 'ok', restMs: 0, reason: '', spent };
  const { code, reason } = error;
  const restMs = Math.ceil(error.retryAfterMs ?? 0);
  if (code === 'upstream_denied') return { outcome: 'denied', restMs: 0, reason, spent };
  if (code === 'upstream_exhausted')
    return { outcome: 'rest', restMs: error.retryAfterMs === undefined ? untoldRestMs : restMs, reason, spent };
  if (providerFaults.has(reason)) return { outcome: 'failed', restMs, reason, spent };
  return { outcome: 'neutral', restMs: 0, reason, spent };
}

/** Learns from the head of a reply. What was leased after this call the provider may not have seen when it wrote it. */
export function hear(
  { key, model }: Records,
  { counters, isTaken, limits }: ToldHead & { readonly counters: readonly [number, number, number] },
  now: number,
): void {
  if (limits) {
    const prompt = model.prompt - counters[1];
    const output = model.output - counters[2];
    const since = [model.leased - counters[0], prompt + output, prompt, output];
    for (const [i, window] of limits.entries()) {
      if (!window) continue;
      const [left, limit, resetMs] = window;
      model.windows.splice(i * 3, 3, Math.max(0, left - (since[i] ?? 0)), limit, now + resetMs);
    }
  }
  // Whoever waited for this try may come.
  if (isTaken) {
    Object.assign(model, { halfOpen: 0, probeUntil: 0 });
    key.trial = 0;
  }
}

/** What of a lease a settlement needs. */
export interface Leased {
  readonly at: number;
  readonly probe: boolean;
  readonly want: Want;
}

/** Counts a call out. `probeMs` is the first of the times after which a key that is out is probed. */
export function settle(
  { key, model }: Records,
  { lease, outcome, restMs, reason, spent }: Outcome & { readonly lease: Leased },
  { now, probeMs: firstProbeMs }: { readonly now: number; readonly probeMs: number },
): void {
  key.running = Math.max(0, key.running - 1);
  if (lease.probe) model.probeUntil = 0;
  correct(key, lease, { spent, unused: outcome === 'unused' ? 1 : 0 });
  const rest = (ms: number) => {
    model.restUntil = Math.max(model.restUntil, now + ms);
    model.halfOpen = 1;
  };
  if (outcome === 'ok') {
    if (lease.at >= model.restUntil) model.halfOpen = 0;
    if (lease.at >= key.disabledAt) Object.assign(key, { trial: 0, probeEveryMs: 0 });
  } else if (outcome === 'rest') {
    rest(restMs);
  } else if (outcome === 'failed' && restMs > 0) {
    rest(restMs);
  } else if (outcome === 'denied' && key.disabled === '') {
    const probeEveryMs = key.probeEveryMs === 0 ? firstProbeMs : Math.min(key.probeEveryMs * 2, dayMs);
    Object.assign(key, { disabled: reason, disabledAt: now, probeEveryMs, probeAt: now + probeEveryMs });
  }
  if (outcome !== 'unused') countCall(key, now);
  if (outcome === 'rest' || outcome === 'failed' || outcome === 'denied') {
    key.windowErrors += 1;
    key.errors += 1;
    key.lastError = reason;
    key.lastErrorAt = now;
  }
}

/** What was reserved becomes what was spent, where it was counted. */
function correct(key: KeyRecord, lease: Leased, { spent, unused }: { spent: number; unused: number }): void {
  const reserved = lease.want.promptTokens + lease.want.outputTokens;
  const back = key.slot - Math.floor(lease.at / slotMs);
  if (back >= 0 && back < slots) {
    key.slotTokens[back] = Math.max(0, (key.slotTokens[back] ?? 0) + spent - reserved);
    key.slotRequests[back] = Math.max(0, (key.slotRequests[back] ?? 0) - unused);
  }
  if (lease.at >= key.day) {
    key.dayTokens = Math.max(0, key.dayTokens + spent - reserved);
    key.dayRequests = Math.max(0, key.dayRequests - unused);
  }
}

function countCall(key: KeyRecord, now: number): void {
  if (now - key.windowAt > windowMs) Object.assign(key, { windowAt: now, windowCalls: 0, windowErrors: 0 });
  key.windowCalls += 1;
}
