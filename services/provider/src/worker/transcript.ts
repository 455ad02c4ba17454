/**
 * What a worker has said about one attempt: its frames, numbered from 0 without a gap, kept while the attempt lasts so
 * that one who joins late hears all of it. Bounded: an answer without end must not fill the worker.
 */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { FrameSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** What a frame carries. */
export type FrameBody = NonNullable<Exclude<MessageInitShape<typeof FrameSchema>, { $typeName: string }>['body']>;

/** Sends a frame to a listener's subject, now or (where it may wait) with the next; must not throw. */
export type SendFrame = (listener: string, frame: Uint8Array, mayWait: boolean) => void;

const defaultLimitBytes = 8 * 1024 * 1024;

/** The frames of one attempt and who hears them. */
export class Transcript {
  readonly #attemptId: string;
  readonly #send: SendFrame;
  readonly #limitBytes: number;
  readonly #frames: Uint8Array[] = [];
  readonly #listeners: Set<string> = new Set();
  #bytes = 0;

  constructor(attemptId: string, send: SendFrame, limitBytes: number = defaultLimitBytes) {
    this.#attemptId = attemptId;
    this.#send = send;
    this.#limitBytes = limitBytes;
  }

  /** All frames so far, in order. */
  get frames(): readonly Uint8Array[] {
    return this.#frames;
  }

  /** From now on a listener hears every frame, those before included. */
  join(listener: string): void {
    for (const frame of this.#frames) this.#send(listener, frame, false);
    this.#listeners.add(listener);
  }

  /** A listener hears no more. */
  leave(listener: string): void {
    this.#listeners.delete(listener);
  }

  /**
   * Numbers a frame, keeps it and sends it. Without a body it says: still here.
   * @throws RefrainError `upstream` when a delta would pass the bound (8 MiB); the frames that end an attempt always fit.
   */
  say(body?: FrameBody): void {
    const numbered = { attemptId: this.#attemptId, seq: this.#frames.length };
    const frame = toBinary(FrameSchema, create(FrameSchema, body ? { ...numbered, body } : numbered));
    if (body?.case === 'delta' && this.#bytes + frame.length > this.#limitBytes) {
      throw new RefrainError('upstream', 'The answer is too long.', { reason: 'ANSWER_TOO_LONG' });
    }
    this.#bytes += frame.length;
    this.#frames.push(frame);
    // Nobody acts on it within milliseconds; an upstream that answers as soon has its first words travel along.
    const mayWait = body?.case === 'accepted';
    for (const listener of this.#listeners) this.#send(listener, frame, mayWait);
  }
}
