/** A bus with scripted workers behind it: real subjects and real bytes, no NATS. */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { StreamOptions } from '@refrain/bus';
import {
  type ControlKind,
  ControlSchema,
  FinishReason,
  FrameSchema,
  type WorkRequest,
  WorkRequestSchema,
} from '@refrain/contracts';
import { type ErrorCode, RefrainError, toRefrainError } from '@refrain/errors';
import type { AttemptBus } from '../src/attempt/attempt.ts';

type Init<M> = Exclude<M, { $typeName: string }>;
/** What a frame carries. */
export type Body = NonNullable<Init<MessageInitShape<typeof FrameSchema>>['body']>;
/** A body is sent as the attempt's next frame, bytes as they are; an error ends the stream; a promise is waited for. */
export type Said = Body | Uint8Array | RefrainError | Promise<unknown>;
/** What a worker says to one request; whoever says no end falls silent. */
export type ScriptedWorker = (work: WorkRequest) => readonly Said[];

/** A request as it was published. */
export interface Asked {
  readonly subject: string;
  readonly work: WorkRequest;
  /** How long the asker waits for the next frame, in milliseconds. */
  readonly patience: () => number;
}

/** A bus whose requests meet the workers of the script, one after the other, and then nobody. */
export interface ScriptedBus extends AttemptBus {
  readonly asked: readonly Asked[];
  /** What was said on control subjects. */
  readonly controls: readonly { readonly subject: string; readonly kind: ControlKind; readonly attemptId: string }[];
}

/** Builds it. */
export function scriptedBus(...workers: readonly (ScriptedWorker | readonly Said[])[]): ScriptedBus {
  const asked: Asked[] = [];
  const controls: ScriptedBus['controls'][number][] = [];
  const script = [...workers];
  async function* stream(subject: string, data: Uint8Array, { signal, idleMs }: StreamOptions) {
    const patience = typeof idleMs === 'function' ? idleMs : () => idleMs;
    if (signal.aborted) throw toRefrainError(signal.reason);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(toRefrainError(signal.reason)), { once: true });
    });
    // It is met below, or nobody reads any more.
    aborted.catch(() => undefined);
    const work = fromBinary(WorkRequestSchema, data);
    asked.push({ subject, work, patience });
    const worker = script.shift() ?? [noResponders()];
    let seq = 0;
    for (const said of typeof worker === 'function' ? worker(work) : worker) {
      if (said instanceof RefrainError) throw said;
      if (said instanceof Promise) await Promise.race([said, aborted]);
      else if (said instanceof Uint8Array) yield said;
      else {
        yield frameOf({ attemptId: work.attemptId, seq, body: said });
        seq += 1;
      }
    }
    await aborted;
  }
  const publish = (subject: string, data: Uint8Array) => {
    const { kind, attemptId } = fromBinary(ControlSchema, data);
    controls.push({ subject, kind, attemptId });
  };
  return { asked, controls, stream, publish };
}

/** A frame's bytes. */
export function frameOf(frame: Init<MessageInitShape<typeof FrameSchema>>): Uint8Array {
  return toBinary(FrameSchema, create(FrameSchema, frame));
}

/** The worker has a key and goes upstream. */
export const accepted = (keyId = 'k1', controlSubject = 'control.worker-1'): Body => ({
  case: 'accepted',
  value: { keyId, controlSubject },
});
/** A piece of text. */
export const delta = (text: string): Body => ({ case: 'delta', value: { text } });
/** What an attempt that fails has used. */
export const used = (promptTokens: number, completionTokens: number): Body => ({
  case: 'usage',
  value: { promptTokens, completionTokens },
});
/** The end of an answer. */
export const final = (promptTokens = 10, completionTokens = 5): Body => ({
  case: 'final',
  value: { finishReason: FinishReason.STOP, usage: { promptTokens, completionTokens }, model: 'large-1' },
});
/** The end of an attempt without an answer. */
export const failed = (
  code: ErrorCode,
  reason: string,
  more: { otherKeys?: boolean; retryAfterMs?: number; keyId?: string } = {},
): Body => ({ case: 'failure', value: { code, reason, message: `It is ${reason}.`, ...more } });
/** Nobody listens on the subject. */
export const noResponders = (): RefrainError =>
  new RefrainError('unavailable', 'Nobody serves this at the moment.', { reason: 'NO_RESPONDERS' });
/** A worker that answers at once. */
export const answering = (text: string, keyId = 'k1'): readonly Said[] => [accepted(keyId), delta(text), final()];
/** A worker that goes upstream and fails there. */
export const failing = (...failure: Parameters<typeof failed>): readonly Said[] => [accepted(), failed(...failure)];
