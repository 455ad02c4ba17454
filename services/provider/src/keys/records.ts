/** What is kept of a key, and of a key for one model: the constants both forms of the pool go by, and fresh records. */
import type { KeyRecord } from '@refrain/state';

/** A minute is counted in slots of so long: any sixty seconds lie within the newest seven, so that in none of them more than a limit is taken. */
export const slotMs = 10_000;
/** How many slots are kept. */
export const slots = 7;
/** While one request tries a key that has rested, the others are told to come again after this. */
export const probeWaitMs = 1000;
/** The share of errors is counted over at most so long. */
export const windowMs = 600_000;
/** How many keys are looked at before the best of them is taken; further ones only where none of these can be used. */
export const lookedAt = 16;
/** A worker that found no place at the provider counts as waiting for so long. */
export const waitingMs = 200;
/** A lease that is not renewed for so long ends: its worker is dead. A request that tries a key keeps the others away as long at most. */
export const leaseMs = 15_000;
/** Where a provider that limits our rate names no time. */
export const untoldRestMs = 5000;

/**
 * Of each of what headers count (requests, tokens, tokens of the prompt, tokens of the answer): what is left (-1: not told), the limit
 * (0: not told), and when it is whole again.
 */
export const windowNumbers = 12;

/** What is kept of a key for one model, in order. */
export const modelFields = [
  'restUntil',
  /** 1 after a rest, until a call has succeeded: one request at a time. */
  'halfOpen',
  /** Until when the one request keeps the others away. */
  'probeUntil',
  /** Requests, tokens of prompts and of answers that were ever leased: so that what a header tells can be set off by what came after its call. */
  'leased',
  'prompt',
  'output',
  /** The first of the numbers that headers told. */
  'windows',
] as const;

/** What is kept of a key for one model. */
export type ModelRecord = { -readonly [Field in Exclude<(typeof modelFields)[number], 'windows'>]: number } & {
  windows: number[];
};

/** A record of a key that was never used. */
export function freshKey(nowMs: number): KeyRecord {
  const counts = {
    requests: 0,
    running: 0,
    lately: 0,
    latelyAt: 0,
    lastUsedAt: 0,
    day: 0,
    dayRequests: 0,
    dayTokens: 0,
  };
  const zeros = () => Array.from({ length: slots }, () => 0);
  return {
    ...{ disabled: '', disabledAt: 0, probeAt: 0, probeEveryMs: 0, trial: 0 },
    ...counts,
    ...{ slot: 0, slotRequests: zeros(), slotTokens: zeros() },
    ...{ errors: 0, lastError: '', lastErrorAt: 0, windowAt: 0, windowCalls: 0, windowErrors: 0 },
    ...{ addedAt: nowMs, seenAt: 0, pool: '' },
  };
}

/** A record of a key that was never used for the model. */
export function freshModel(): ModelRecord {
  const counts = { restUntil: 0, halfOpen: 0, probeUntil: 0, leased: 0, prompt: 0, output: 0 };
  return { ...counts, windows: Array.from({ length: windowNumbers }, (_, i) => (i % 3 === 0 ? -1 : 0)) };
}

/** Reads a model's record. Throws where the text is none. */
export function parseModelRecord(json: string): ModelRecord {
  const values = JSON.parse(json) as number[];
  const counts = modelFields.length - 1;
  if (!Array.isArray(values) || values.length !== counts + windowNumbers)
    throw new TypeError('not a record of a model');
  const named = Object.fromEntries(modelFields.slice(0, counts).map((field, i) => [field, values[i]]));
  return { ...(named as Omit<ModelRecord, 'windows'>), windows: values.slice(counts) };
}
