import type { Bus } from '@refrain/bus';
import { RefrainError } from '@refrain/errors';
import { toFailure } from './failure.ts';
import { sendFrames } from './send-frames.ts';
import type { ToldAnswers } from './told-answers.ts';
import { Transcript } from './transcript.ts';

/** A router joins what is over: it hears the answer, or that there is none to hear. */
export function retell(
  attemptId: string,
  listener: string,
  { bus, told }: { readonly bus: Pick<Bus, 'publish'>; readonly told: ToldAnswers },
): void {
  const send = sendFrames(bus, new AbortController());
  const frames = told.get(attemptId);
  for (const frame of frames ?? []) send(listener, frame, false);
  if (frames) return;
  const transcript = new Transcript(attemptId, send);
  transcript.join(listener);
  const unknown = new RefrainError('unavailable', 'The attempt is over.', { reason: 'ATTEMPT_OVER' });
  transcript.say({ case: 'failure', value: toFailure(unknown) });
}
