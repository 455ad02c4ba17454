/** What a scripted upstream is told to answer, in words that fit every kind of upstream. */

/** An error by its meaning; each kind of upstream says it in its own documented words, status and headers. */
export type FaultKind =
  | 'rate_limited'
  | 'daily_quota'
  | 'spend_limit'
  | 'bad_key'
  | 'overloaded'
  | 'failed'
  | 'invalid'
  | 'model_missing'
  | 'context_too_long';

/** An error reply. */
export interface Fault {
  readonly kind: FaultKind;
  /** How long the upstream asks to wait, in the form its documents use. */
  readonly retryAfterMs?: number;
}

/** A call of a tool. */
export interface ScriptedToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Token counts as the upstream will claim them. */
export interface ScriptedUsage {
  readonly prompt: number;
  readonly completion: number;
  readonly cached?: number;
  readonly reasoning?: number;
}

/** Where in a stream something happens. */
export type Moment = 'headers' | 'first_token' | 'middle';

/** One scripted reply; without any field a short text in three chunks with usage. */
export interface Reply {
  readonly text?: string;
  readonly chunks?: number;
  /** Pause before each chunk, and before a mishap in the middle. */
  readonly paceMs?: number;
  readonly thinking?: string;
  readonly toolCalls?: readonly ScriptedToolCall[];
  readonly usage?: ScriptedUsage | 'none';
  readonly finish?: 'stop' | 'length' | 'content_filter';
  /** The model's name in the reply; else the one asked for. */
  readonly model?: string;
  /** An HTTP error instead of an answer. */
  readonly fault?: Fault;
  /** Says nothing more from then on; the connection stays open. */
  readonly hang?: Moment;
  /** Closes the connection in the middle of the HTTP body. */
  readonly cut?: Exclude<Moment, 'headers'>;
  /** An error inside a stream whose HTTP status was 200. */
  readonly errorEvent?: Exclude<Moment, 'headers'>;
  /** A proxy's error page with status 200, or a chunk in the middle that is no JSON. */
  readonly nonsense?: 'html' | 'json';
  /** Ends the HTTP body properly but without the stream's own end. */
  readonly missingEnd?: boolean;
  /** Writes the body in pieces of so many bytes, whatever they cut. */
  readonly splitBytes?: number;
  /** Further HTTP headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply with its defaults filled in. */
export interface FilledReply extends Reply {
  readonly text: string;
  /** The text in its chunks. */
  readonly pieces: readonly string[];
  readonly toolCalls: readonly ScriptedToolCall[];
  readonly finish: 'stop' | 'length' | 'content_filter';
  readonly model: string;
}

/** Fills in the defaults. */
export function fill(reply: Reply, model: string): FilledReply {
  const toolCalls = reply.toolCalls ?? [];
  const text = reply.text ?? (toolCalls.length > 0 ? '' : 'Hello from the upstream.');
  const characters = [...text];
  const size = Math.max(1, Math.ceil(characters.length / (reply.chunks ?? 3)));
  const pieces = Array.from({ length: Math.ceil(characters.length / size) }, (_, i) =>
    characters.slice(i * size, (i + 1) * size).join(''),
  );
  return { finish: 'stop', ...reply, text, pieces, toolCalls, model: reply.model ?? model };
}

/** The usage to claim; undefined where the script wants none. */
export function usageOf(reply: Reply): ScriptedUsage | undefined {
  return reply.usage === 'none' ? undefined : (reply.usage ?? { prompt: 12, completion: 7 });
}
