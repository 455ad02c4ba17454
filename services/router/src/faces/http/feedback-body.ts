import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { type FeedbackRequest, FeedbackRequestSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** Reads a judgement. Its `source` may be written as answers write it (`semantic`) or as the contract does. @throws RefrainError `invalid` */
export function toFeedback(json: unknown): FeedbackRequest {
  try {
    return fromJson(FeedbackRequestSchema, named(json) as JsonValue);
  } catch (cause) {
    throw new RefrainError('invalid', 'Send {"entryId": "…", "verdict": "VERDICT_WRONG"}.', { cause });
  }
}

function named(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || !('source' in json)) return json;
  const { source } = json;
  return typeof source === 'string' && /^[a-z]+$/.test(source)
    ? { ...json, source: `SOURCE_${source.toUpperCase()}` }
    : json;
}
