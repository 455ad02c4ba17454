import { type Answer, FinishReason, Source } from '@refrain/contracts';

/** Whether an answer may be kept, and why not. */
export type Admission =
  | { readonly admitted: true }
  | {
      readonly admitted: false;
      readonly reason:
        | 'degraded'
        | 'source'
        | 'truncated'
        | 'content_filter'
        | 'tool_call'
        | 'unfinished'
        | 'empty'
        | 'refusal';
    };

/** Openings by which models decline. A heuristic for English: a refusal it misses is served again until its time is over. */
const refusal =
  /^\W*(?:i['’]?m sorry|i am sorry|sorry,|i apologi[sz]e|i can(?:no|['’])t (?:help|assist|comply|provide|do that|answer)|i am (?:not able|unable)|i['’]m (?:not able|unable)|as an ai\b|i won['’]t be able)/i;

/** Only complete, clean answers are kept. */
export function admit(answer: Answer): Admission {
  const refuse = (reason: Extract<Admission, { admitted: false }>['reason']): Admission => ({
    admitted: false,
    reason,
  });
  if (answer.provenance?.degraded) return refuse('degraded');
  if (answer.provenance?.source !== Source.PROVIDER) return refuse('source');
  if (answer.toolCalls.length > 0 || answer.finishReason === FinishReason.TOOL_CALLS) return refuse('tool_call');
  if (answer.finishReason === FinishReason.LENGTH) return refuse('truncated');
  if (answer.finishReason === FinishReason.CONTENT_FILTER) return refuse('content_filter');
  if (answer.finishReason !== FinishReason.STOP) return refuse('unfinished');
  if (answer.text.trim() === '') return refuse('empty');
  return refusal.test(answer.text.slice(0, 200)) ? refuse('refusal') : { admitted: true };
}
