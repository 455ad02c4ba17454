import { create } from '@bufbuild/protobuf';
import { type Answer, AnswerSchema, FallbackMode, FinishReason, Source } from '@refrain/contracts';
import { errorCodes, type RefrainError } from '@refrain/errors';
import { matchTemplate, questionOf } from '@refrain/judgement';
import type { Question } from '../ask.ts';

/**
 * Step 8, when nobody answered: the first template that fits, marked `degraded`; undefined where the caller would rather have the
 * error, where the fault is the caller's own, or where no template fits. Too late for the providers is not too late for a template.
 */
export function fallback(question: Question, error: RefrainError): Answer | undefined {
  const { ask, chat, classification, requestId, settings } = question;
  const isOurs = errorCodes[error.code].tryNext || error.code === 'deadline';
  if (!isOurs || ask.options?.fallback === FallbackMode.NONE) return undefined;
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
