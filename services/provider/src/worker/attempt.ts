/**
 * One attempt at one upstream, from `accepted` to the last frame. Before the first word a failure is clean: nothing was
 * said, another key or route may try. After it, it is `midstream`. Whatever the end, what was used is settled once.
 */
import { type Chat, FinishReason, type Usage } from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { Secret } from '@refrain/service';
import type { AdapterEvent } from '../adapters/adapter.ts';
import { emptyAnswer, filtered } from '../upstream/failures.ts';
import { noUsage, UsageMeter } from '../usage.ts';
import { withoutSecret } from '../without-secret.ts';
import { toFailure } from './failure.ts';
import type { Transcript } from './transcript.ts';
import type { Watchdog } from './watchdog.ts';

/** How an attempt ended, for the usage record. */
export type Outcome = 'completed' | 'canceled' | 'failed' | 'abandoned';

/** An attempt that is over. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly usage: Usage;
  /** Why it failed, as the upstream's adapter said it. */
  readonly error?: RefrainError;
}

/** What an attempt is made of. */
export interface AttemptParts {
  readonly chat: Chat;
  readonly events: AsyncIterable<AdapterEvent>;
  readonly transcript: Transcript;
  readonly watchdog: Pick<Watchdog, 'heard'>;
  /** Empty where the provider needs no key. */
  readonly keyId: string;
  readonly secret?: Secret | undefined;
  /** Called once, when the upstream is done, with what was used and why it failed. */
  readonly onEnd: (usage: Usage, error?: RefrainError) => void;
  /** Whether another key could be tried after a failure. */
  readonly otherKeys: (error: RefrainError) => Promise<boolean>;
}

/** Failures that say the upstream did no work: nothing is billed. */
const unbilledCodes: ReadonlySet<string> = new Set(['upstream_denied', 'upstream_exhausted', 'overloaded', 'invalid']);
const unbilledReasons: ReadonlySet<string> = new Set(['CONNECTION_FAILED', 'MODEL_MISSING', 'UPSTREAM_FAILED']);

/** Reads the upstream to its end and tells it frame by frame; never throws. */
export async function runAttempt(parts: AttemptParts): Promise<AttemptEnd> {
  const { chat, transcript } = parts;
  const meter = new UsageMeter();
  let spoke = false;
  try {
    for await (const event of parts.events) {
      switch (event.kind) {
        case 'delta':
          transcript.say({ case: 'delta', value: event.delta });
          meter.said(event.delta);
          spoke = true;
          parts.watchdog.heard(true);
          break;
        case 'alive':
          parts.watchdog.heard(event.thinking);
          break;
        case 'usage':
          meter.told(event.usage);
          break;
        case 'final': {
          meter.finished();
          if (!spoke) refuseSilence(event.finishReason);
          const usage = meter.usage(chat);
          parts.onEnd(usage);
          transcript.say({ case: 'final', value: { finishReason: event.finishReason, usage, model: event.model } });
          return { outcome: 'completed', usage };
        }
      }
    }
    throw new RefrainError('internal', 'The adapter ended without an answer.');
  } catch (thrown) {
    return await fail(parts, { error: withoutSecret(toRefrainError(thrown), parts.secret), spoke, meter });
  }
}

/** A whole stream without a word: an error, unless the limit of tokens was reached (a model may think that long). */
function refuseSilence(finishReason: FinishReason): void {
  if (finishReason === FinishReason.CONTENT_FILTER) throw filtered();
  if (finishReason !== FinishReason.LENGTH) throw emptyAnswer();
}

async function fail(
  parts: AttemptParts,
  at: { error: RefrainError; spoke: boolean; meter: UsageMeter },
): Promise<AttemptEnd> {
  const { error, spoke } = at;
  const worked = spoke || !(unbilledCodes.has(error.code) || unbilledReasons.has(error.reason));
  const usage = worked ? at.meter.usage(parts.chat) : noUsage();
  parts.onEnd(usage, error);
  const otherKeys = !spoke && (await parts.otherKeys(error));
  const ours = error.code === 'canceled' || error.code === 'deadline';
  if (worked) parts.transcript.say({ case: 'usage', value: usage });
  parts.transcript.say({
    case: 'failure',
    value: {
      ...toFailure(error),
      ...(spoke && !ours && { code: 'midstream' }),
      keyId: parts.keyId,
      otherKeys,
    },
  });
  if (error.reason === 'ABANDONED') return { outcome: 'abandoned', usage, error };
  return { outcome: error.code === 'canceled' ? 'canceled' : 'failed', usage, error };
}
