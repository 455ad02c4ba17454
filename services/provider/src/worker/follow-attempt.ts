/** What surrounds an attempt: the router hears `accepted`, the watchdog runs, the key is given back, the end is recorded. */
import type { Usage } from '@refrain/contracts';
import { type RefrainError, toRefrainError } from '@refrain/errors';
import type { ProviderConfig } from '@refrain/service';
import type { KeyPool } from '../keys/lease.ts';
import { type Asked, leaseQueryOf } from './ask-upstream.ts';
import { runAttempt } from './attempt.ts';
import { type RecordingParts, recordAttempt } from './record-attempt.ts';
import type { Taken, TakenRequests } from './taken-requests.ts';
import type { ToldAnswers } from './told-answers.ts';
import { Watchdog } from './watchdog.ts';

/** What an attempt is followed with. */
export interface FollowingParts extends RecordingParts {
  readonly config: Pick<ProviderConfig, 'firstChunkMs' | 'interChunkMs'>;
  /** Absent for keyless providers. */
  readonly keys?: KeyPool | undefined;
  readonly taken: TakenRequests;
  readonly told: ToldAnswers;
  /** Where the interest in the attempt is renewed. */
  readonly controlSubject: string;
}

/** Faults of a key, or of the account behind it. */
const keyFaults: ReadonlySet<string> = new Set(['upstream_exhausted', 'upstream_denied']);

/** Follows what was asked to its end, whatever that is; never throws. */
export async function followAttempt(taken: Taken, asked: Asked, parts: FollowingParts): Promise<void> {
  const { events, lease, remainingMs } = asked;
  const { controlSubject, keys } = parts;
  const { abort, chat, interest, transcript, work } = taken;
  const keyId = lease?.key.id ?? '';
  transcript.say({ case: 'accepted', value: { controlSubject, keyId } });
  if (abort.signal.aborted) {
    // NATS went away with this very frame: the upstream was not asked, so there is nothing to book.
    if (lease) keys?.settle(lease, { kind: 'unused' });
    parts.taken.refuse(taken, toRefrainError(abort.signal.reason));
    return;
  }
  interest.accepted();
  const { firstChunkMs, interChunkMs } = parts.config;
  const watchdog = new Watchdog({ firstChunkMs, interChunkMs, remainingMs }, (reason) => abort.abort(reason));
  const onEnd = (usage: Usage, error?: RefrainError) => {
    const tokens = usage.promptTokens + usage.completionTokens;
    if (lease) keys?.settle(lease, { kind: 'ended', tokens, error });
  };
  // What is the provider's own fault is no reason to take another key.
  const otherKeys = async (error: RefrainError) => {
    if (!keys || !keyFaults.has(error.code)) return false;
    return keys.available({ ...leaseQueryOf(taken), excluded: [...work.excludedKeyIds, keyId], preferred: '' });
  };
  const secret = lease?.key.secret;
  const end = await runAttempt({ chat, events, transcript, watchdog, keyId, secret, onEnd, otherKeys });
  watchdog.end();
  if (end.outcome === 'completed') parts.told.put(work.attemptId, transcript.frames);
  parts.taken.forget(taken);
  recordAttempt(taken, { end, keyId }, parts);
}
