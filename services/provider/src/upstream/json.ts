/** Careful reading of JSON that comes from outside. */
import { malformed } from './failures.ts';

/** A JSON object of unknown shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object (not an array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one when it is none. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The value as a list; an empty one when it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as text; empty when it is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** More tokens than any context holds; sums of a few still fit a message's uint32. */
const largestCount = 1e9;

/** The value as a whole count, a billion at most; undefined when it is none. */
export function countOf(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value >= 0 && value <= largestCount)) return undefined;
  return Math.round(value);
}

/** Parses an object of a stream. Throws RefrainError `upstream` for anything else. */
export function parseObject(text: string): JsonObject {
  const value = tryParse(text);
  if (!isObject(value)) throw malformed();
  return value;
}

/** The parsed value, or undefined where the text is not JSON (an HTML error page). */
export function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is an answer here, not a fault: the caller classifies it.
    return undefined;
  }
}
