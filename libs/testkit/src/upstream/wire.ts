import type { Fault, FilledReply } from './reply.ts';

/** A streamed answer in the upstream's own bytes; a scripted cut or error comes between its parts. */
export interface StreamScript {
  /** Before the first token. */
  readonly open: readonly string[];
  /** The tokens, one string a chunk. */
  readonly chunks: readonly string[];
  /** Finish reason and usage. */
  readonly close: readonly string[];
  /** What the stream's own documents call its end. */
  readonly end: readonly string[];
}

/** An HTTP error as the upstream words it. */
export interface FaultReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** What a call asks for. */
export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How one kind of upstream speaks. */
export interface Wire {
  readonly streamType: string;
  /** HTTP headers of every reply. */
  readonly headers: Readonly<Record<string, string>>;
  /** The model asked for, or undefined when the call is no question (another path). */
  model(ask: Ask): string | undefined;
  isStreamed(ask: Ask): boolean;
  stream(reply: FilledReply, ask: Ask): StreamScript;
  whole(reply: FilledReply): object;
  fault(fault: Fault): FaultReply;
  /** An error inside a stream. */
  errorEvent(): string;
  /** A piece of a stream that is no JSON. */
  garbage(): string;
  /** Answers to other paths (lists of models). */
  other?(ask: Ask): object | undefined;
}
