import { create } from '@bufbuild/protobuf';
import { type Answer, AnswerSchema, FallbackMode, FinishReason, Source } from '@refrain/contracts';
import { errorCodes, type RefrainError } from '@refrain/errors';
import { matchTemplate, questionOf } from '@refrain/judgement';
import type { Question } from '../ask.ts';
import type { Lookup } from './lookup.ts';

/**
 * Step 8, when nobody answered: a cached answer whose time is over, else the first template that fits, both `degraded`; undefined where
 * the caller would rather have the error, where the fault is the caller's own, or where there is neither. Too late for the providers is
 * not too late for these.
 */
export async function fallback(
  question: Question,
  error: RefrainError,
  lookup: Pick<Lookup, 'stale'>,
): Promise<Answer | undefined> {
  const isOurs = errorCodes[error.code].tryNext || error.code === 'deadline';
  if (!isOurs || question.ask.options?.fallback === FallbackMode.NONE) return undefined;
  const held = await lookup.stale(question);
  return held?.answer ?? fromTemplate(question, error);
}

function fromTemplate(
  { chat, classification, requestId, settings }: Question,
  error: RefrainError,
): Answer | undefined {
  const template = matchTemplate(settings.mesh.templates, questionOf(chat), 'fallback');
  if (!template) return undefined;
  return create(AnswerSchema, {
    requestId,
    text: template.answer,
    finishReason: FinishReason.STOP,
    usage: {},
    cost: {},
    provenance: {
      source: Source.TEMPLATE,
      provider: 'template',
      model: template.name,
      reason: `fallback:${error.reason.toLowerCase()}`,
      degraded: true,
      classification,
    },
    createdAtMs: BigInt(Date.now()),
  });
}
