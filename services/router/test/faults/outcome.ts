/** How a question ended, whichever door it came through; an error is an outcome too, so that a test can judge all of them alike. */

/** The doors, whole and streamed. */
export type Door = 'http' | 'http-stream' | 'grpc' | 'grpc-stream';

/** All of them. */
export const doors: readonly Door[] = ['http', 'http-stream', 'grpc', 'grpc-stream'];

/** How a question ended. */
export interface Outcome {
  readonly door: Door;
  readonly question: string;
  /** Ours; empty where none was told. */
  readonly requestId: string;
  /** All that was said, also where it broke off. */
  readonly text: string;
  /** `exact`, `provider`…; empty where nobody answered. */
  readonly source: string;
  readonly provider: string;
  readonly degraded: boolean;
  readonly attempts: number;
  readonly nanoUsd: number;
  readonly savedNanoUsd: number;
  /** Absent where the answer came to its own end. */
  readonly error?: OutcomeError;
}

/** Why it failed: by gRPC our code, by HTTP the status, `connection` where there was no answer at all. */
export interface OutcomeError {
  readonly code: string;
  readonly reason: string;
  readonly retryAfterMs?: number | undefined;
}

/** What a test may set of a question. */
export interface AskOptions {
  readonly model?: string;
  /** Rather the error than a template. */
  readonly noFallback?: boolean;
  readonly signal?: AbortSignal;
  /** Called with all that was said so far, at each piece. */
  readonly onText?: (text: string) => void;
}

/** An outcome while it is being found out. */
export type Finding = { -readonly [K in keyof Outcome]: Outcome[K] };

/** Nothing is known yet. */
export function newFinding(door: Door, question: string): Finding {
  const unknown = { requestId: '', text: '', source: '', provider: '', degraded: false };
  return { door, question, ...unknown, attempts: 0, nanoUsd: 0, savedNanoUsd: 0 };
}

/** A failure that knows its outcome. */
export class Refusal extends Error {
  readonly outcome: OutcomeError;

  constructor(outcome: OutcomeError) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

/** The worst a stream can do: to stop without a word. */
export function silentEnd(): Refusal {
  return new Refusal({ code: 'silent', reason: 'SILENT_END' });
}
