/** Ollama's errors: `{"error":"words"}`, alike in a reply and in a stream. There are no codes: status and words decide. */
import type { RefrainError } from '@refrain/errors';
import {
  contextTooLong,
  fromStatus,
  modelMissing,
  overloaded,
  rejected,
  upstreamFailed,
} from '../../upstream/failures.ts';
import { objectOf, textOf, tryParse } from '../../upstream/json.ts';
import { toldToWait } from '../../upstream/retry-after.ts';
import type { ErrorReply } from '../reader.ts';

/** Classifies a reply outside 2xx. */
export function toOllamaError(reply: ErrorReply, nowMs: number = Date.now()): RefrainError {
  const said = textOf(objectOf(tryParse(reply.body)).error);
  const cause = new Error(`HTTP ${reply.status}: ${said.slice(0, 200)}`);
  if (/model .*not found/i.test(said)) return modelMissing(cause);
  if (/server busy|maximum pending requests/i.test(said)) return overloaded(toldToWait(reply.headers, nowMs), cause);
  if (/does not support (?:tools|thinking|images)/i.test(said)) return rejected(said, cause);
  if (/context length|input length/i.test(said)) return contextTooLong(cause);
  return fromStatus(reply.status, said, toldToWait(reply.headers, nowMs), cause);
}

/** Classifies an error line of a stream whose HTTP status was 200. */
export function toOllamaLineError(said: string): RefrainError {
  return upstreamFailed(new Error(said.slice(0, 200)));
}
