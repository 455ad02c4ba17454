/** Feeds a stream to a reader in one piece, as the adapters' tests write it. */
import type { AdapterEvent } from '../src/adapters/adapter.ts';
import type { StreamReader } from '../src/adapters/reader.ts';

/** All events of a text, its end included. */
export function readAll(reader: StreamReader, text: string): AdapterEvent[] {
  const events = reader.push(new TextEncoder().encode(text));
  return reader.done ? events : [...events, ...reader.end()];
}

/** The SSE events of these objects. */
export function sse(...data: (object | string)[]): string {
  return data.map((each) => `data: ${typeof each === 'string' ? each : JSON.stringify(each)}\n\n`).join('');
}

/** The text of all deltas. */
export function textOf(events: readonly AdapterEvent[]): string {
  return events.map((event) => (event.kind === 'delta' ? (event.delta.text ?? '') : '')).join('');
}

/** The first event of a kind. */
export function first<Kind extends AdapterEvent['kind']>(
  events: readonly AdapterEvent[],
  kind: Kind,
): Extract<AdapterEvent, { kind: Kind }> | undefined {
  return events.find((event): event is Extract<AdapterEvent, { kind: Kind }> => event.kind === kind);
}
