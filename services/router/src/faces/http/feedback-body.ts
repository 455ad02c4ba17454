import { create } from '@bufbuild/protobuf';
import { type FeedbackRequest, FeedbackRequestSchema, Source, Verdict } from '@refrain/contracts';
import { z } from 'zod';
import { sourceName } from '../../source-name.ts';
import { withoutNulls } from './to-chat.ts';
import { toBodyError } from './violations.ts';

const told = [
  Source.EXACT,
  Source.SEMANTIC,
  Source.COALESCED,
  Source.PROVIDER,
  Source.STALE,
  Source.TEMPLATE,
  Source.QUEUED,
];
/** As answers write them, and as the contract does. */
const sources: ReadonlyMap<string, Source> = new Map(
  told.flatMap((source) => {
    const name = sourceName(source);
    return [
      [name, source],
      [`SOURCE_${name.toUpperCase()}`, source],
    ];
  }),
);

const verdicts = { VERDICT_RIGHT: Verdict.RIGHT, VERDICT_WRONG: Verdict.WRONG } as const;

const schema = z.strictObject({
  entryId: z.string().optional(),
  entry_id: z.string().optional(),
  verdict: z.enum(['VERDICT_RIGHT', 'VERDICT_WRONG'], 'must be VERDICT_RIGHT or VERDICT_WRONG').optional(),
  source: z
    .string()
    .refine((name) => sources.has(name), 'must be what an answer says of itself, as semantic')
    .optional(),
  confidence: z.number().optional(),
});

/** A judgement, and the name its sender gave to the entry's id: both ways of writing it in JSON are taken. */
export interface ReadFeedback {
  readonly request: FeedbackRequest;
  readonly idField: 'entryId' | 'entry_id';
}

/**
 * Reads a judgement. Its `source` may be written as answers write it (`semantic`) or as the contract does. That nothing is missing in it is
 * checked for all doors alike.
 * @throws RefrainError `invalid` with every fault, `unsupported` for fields that nobody reads
 */
export function toFeedback(json: unknown): ReadFeedback {
  const result = schema.safeParse(withoutNulls(json));
  if (!result.success) throw toBodyError(result.error);
  const { confidence, entryId, entry_id, source, verdict } = result.data;
  const request = create(FeedbackRequestSchema, {
    entryId: entryId ?? entry_id ?? '',
    verdict: verdict === undefined ? Verdict.UNSPECIFIED : verdicts[verdict],
    source: sources.get(source ?? '') ?? Source.UNSPECIFIED,
    ...(confidence !== undefined && { confidence }),
  });
  return { request, idField: entry_id === undefined ? 'entryId' : 'entry_id' };
}
