/**
 * One attempt: the work is published to a provider's lane, numbered frames come back. Interest is renewed while somebody waits; who
 * stops reading before the end cancels the worker, whatever the reason; while the request still waits in a queue, all workers of
 * the provider hear so, for it is not known which of them has it.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import {
  ControlKind,
  ControlSchema,
  controlSubject,
  type Delta,
  type Failure,
  type Frame,
  FrameSchema,
  type Lane,
  type WorkRequest,
  WorkRequestSchema,
  workSubject,
} from '@refrain/contracts';
import { isErrorCode, RefrainError, toRefrainError } from '@refrain/errors';
import type { FlightAttempt } from '../flights/flight-records.ts';

/** What a worker says while all is well; `final` is the last. */
export type AttemptEvent = Extract<Frame['body'], { case: 'accepted' | 'delta' | 'usage' | 'final' }>;

/** What an attempt needs of the bus. */
export type AttemptBus = Pick<Bus, 'stream' | 'publish'>;

/** How far an attempt had come when it failed. */
export interface Progress {
  /** The worker had taken it and gone upstream. */
  accepted: boolean;
  /** Text had come. */
  spoke: boolean;
  /** The key in use; empty where there was none. */
  keyId: string;
  /** The provider has another key that this request has not tried. */
  otherKeys: boolean;
}

/** An attempt that gave no answer. */
export class AttemptFailure extends Error {
  readonly error: RefrainError;
  readonly progress: Readonly<Progress>;
  /** The worker itself said so: what it used it has said before, or there was nothing. */
  readonly told: boolean;

  constructor(error: RefrainError, progress: Progress, told = false) {
    super(error.message, { cause: error });
    this.name = 'AttemptFailure';
    this.error = error;
    this.progress = progress;
    this.told = told;
  }
}

const renewEveryMs = 2000;
/** A worker says at once that it has a request: one that does not has died with it. */
const receiptMs = 2000;
/** Later it answers each renewal, also while the upstream thinks or the request waits: one that misses three is frozen or cut off. */
const silenceMs = 3 * renewEveryMs + 500;

/**
 * Runs an attempt. A gap in the numbers ends it, and so does silence. A worker that dies is noticed within 2 s: NATS says that nobody
 * listens where the interest is renewed.
 * @throws AttemptFailure with what the worker said, or `unavailable` (NO_RESPONDERS, BUS_DOWN, WORKER_GONE, WORKER_SILENT,
 * FRAMES_LOST), or the signal's reason.
 */
export function runAttempt(
  bus: AttemptBus,
  work: WorkRequest,
  { lane, signal }: { lane: Lane; signal: AbortSignal },
): AsyncGenerator<AttemptEvent> {
  const subject = workSubject(work.provider, lane);
  const message = toBinary(WorkRequestSchema, work);
  // Until the worker has said where it listens, a cancel goes to all of the provider's.
  const opening = { attemptId: work.attemptId, subject, message, control: controlSubject(work.provider) };
  return readAttempt(bus, opening, signal);
}

/** Hears an attempt that another router runs, from its first frame on. @throws AttemptFailure like `runAttempt` */
export function joinAttempt(
  bus: AttemptBus,
  { attemptId, controlSubject: control }: Pick<FlightAttempt, 'attemptId' | 'controlSubject'>,
  signal: AbortSignal,
): AsyncGenerator<AttemptEvent> {
  const message = toBinary(ControlSchema, create(ControlSchema, { attemptId, kind: ControlKind.JOIN }));
  return readAttempt(bus, { attemptId, subject: control, message, control }, signal);
}

/** How the worker is spoken to: where the first message goes, and those that follow. */
interface Opening {
  readonly attemptId: string;
  readonly subject: string;
  readonly message: Uint8Array;
  readonly control: string;
}

async function* readAttempt(bus: AttemptBus, opening: Opening, signal: AbortSignal): AsyncGenerator<AttemptEvent> {
  const { attemptId, subject, message } = opening;
  const progress: Progress = { accepted: false, spoke: false, keyId: '', otherKeys: false };
  let { control } = opening;
  let renewal: NodeJS.Timeout | undefined;
  let reply = '';
  let ended = false;
  let told = false;
  let next = 0;
  const tell = (kind: ControlKind) => {
    try {
      bus.publish(control, toBinary(ControlSchema, create(ControlSchema, { attemptId, kind })), { reply });
    } catch (error) {
      // The bus is away: the worker notices the silence by itself.
      if (!(error instanceof RefrainError)) throw error;
    }
  };
  try {
    const idleMs = () => (next === 0 ? receiptMs : silenceMs);
    const onOpen = (opened: string) => {
      reply = opened;
    };
    for await (const bytes of bus.stream(subject, message, { signal, idleMs, onOpen })) {
      const { attemptId: of, body, seq } = fromBinary(FrameSchema, bytes);
      if (of !== attemptId) continue;
      if (seq !== next) throw lost();
      next += 1;
      if (body.case === undefined) continue;
      ended = body.case === 'failure' || body.case === 'final';
      if (body.case === 'failure') {
        progress.otherKeys = body.value.otherKeys;
        told = true;
        throw toError(body.value);
      }
      if (body.case === 'queued' || body.case === 'accepted') {
        control = body.value.controlSubject;
        renewal ??= setInterval(() => tell(ControlKind.RENEW), renewEveryMs);
      }
      // A piece that nobody can see is no first piece: what fails after it is still nobody's loss.
      if (body.case === 'queued' || (body.case === 'delta' && isInvisible(body.value))) continue;
      if (body.case === 'accepted') {
        progress.accepted = true;
        progress.keyId = body.value.keyId;
      }
      progress.spoke ||= body.case === 'delta';
      yield body;
      if (ended) return;
    }
  } catch (thrown) {
    const error = toRefrainError(thrown);
    const isGone = error.reason === (next > 0 ? 'NO_RESPONDERS' : 'WORKER_SILENT');
    ended ||= error.reason === 'NO_RESPONDERS';
    throw new AttemptFailure(isGone ? gone(error) : error, progress, told);
  } finally {
    clearInterval(renewal);
    if (!ended) tell(ControlKind.CANCEL);
  }
}

function isInvisible({ text, toolCalls }: Delta): boolean {
  return text === '' && toolCalls.length === 0;
}

function toError({ code, message, reason, retryAfterMs }: Failure): RefrainError {
  return new RefrainError(isErrorCode(code) ? code : 'upstream', message, {
    reason,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function gone(cause: RefrainError): RefrainError {
  return new RefrainError('unavailable', 'The worker is gone.', { reason: 'WORKER_GONE', cause });
}

function lost(): RefrainError {
  return new RefrainError('unavailable', 'A part of the answer was lost on its way.', { reason: 'FRAMES_LOST' });
}
