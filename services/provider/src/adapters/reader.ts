/** The way from an HTTP reply to an adapter's events that all adapters share. */
import type { RefrainError } from '@refrain/errors';
import { malformed } from '../upstream/failures.ts';
import type { UpstreamFetch, UpstreamRequest, UpstreamResponse } from '../upstream/http.ts';
import type { AdapterEvent } from './adapter.ts';

/** Turns the pieces of one stream into events; a new one for each call. */
export interface StreamReader {
  push(chunk: Uint8Array): AdapterEvent[];
  /** The stream is over: the events still open, or a throw when its documented end is missing. */
  end(): AdapterEvent[];
  /** The documented end was seen; nothing after it counts. */
  readonly done: boolean;
}

/** An HTTP reply outside 2xx, as far as it was read. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: UpstreamResponse['headers'];
  readonly body: string;
}

const alive: AdapterEvent = { kind: 'alive', thinking: false };

/**
 * Sends the request and reads its stream to the documented end. Words that come in the same piece as an error are not
 * told: while nothing was told the failure is clean, and somebody else may answer.
 */
export async function* readStream(
  fetch: UpstreamFetch,
  request: UpstreamRequest,
  to: {
    readonly reader: StreamReader;
    readonly contentType: RegExp;
    readonly toError: (reply: ErrorReply) => RefrainError;
  },
): AsyncGenerator<AdapterEvent> {
  const response = await fetch(request);
  if (response.status !== 200) {
    throw to.toError({ status: response.status, headers: response.headers, body: await response.text() });
  }
  const contentType = response.headers.get('content-type') ?? '';
  if (!to.contentType.test(contentType)) throw await notAStream(response, to.toError);
  const { reader } = to;
  for await (const chunk of response.chunks) {
    const events = reader.push(chunk);
    if (events.length === 0) yield alive;
    else yield* joined(events);
    if (reader.done) return;
  }
  yield* joined(reader.end());
}

/** Sends a request that is about the key alone. Throws what the reply says against it; a server without such a page has said nothing. */
export async function checkKey(
  fetch: UpstreamFetch,
  request: Omit<UpstreamRequest, 'method' | 'body'>,
  toError: (reply: ErrorReply) => RefrainError,
): Promise<void> {
  const { status, headers, text } = await fetch({ ...request, method: 'GET' });
  const body = await text();
  if (status >= 300 && status !== 404) throw toError({ status, headers, body });
}

/** What came in one piece is told in one piece: neighbouring texts become one delta, which saves a frame for each. */
function joined(events: readonly AdapterEvent[]): AdapterEvent[] {
  const result: AdapterEvent[] = [];
  let text = '';
  const tell = () => {
    if (text !== '') result.push({ kind: 'delta', delta: { text } });
    text = '';
  };
  for (const event of events) {
    if (event.kind === 'delta' && !event.delta.toolCalls?.length) {
      text += event.delta.text ?? '';
    } else {
      tell();
      result.push(event);
    }
  }
  tell();
  return result;
}

/** A reply with status 200 that is no stream: an error in JSON, or some proxy's HTML page. */
async function notAStream(
  response: UpstreamResponse,
  toError: (reply: ErrorReply) => RefrainError,
): Promise<RefrainError> {
  const body = await response.text();
  if (!/^\s*[[{]/.test(body)) return malformed();
  return toError({ status: 200, headers: response.headers, body });
}
