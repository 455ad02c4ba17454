import { create } from '@bufbuild/protobuf';
import { type Answer, AnswerSchema, FallbackMode, FinishReason, Source } from '@refrain/contracts';
import { errorCodes, type RefrainError } from '@refrain/errors';
import { isPinned, matchTemplate, questionOf } from '@refrain/judgement';
import type { Question } from '../ask.ts';
import type { JobQueue } from '../job-queue.ts';
import type { Lookup } from './lookup.ts';

/**
 * Step 8, when nobody answered: a cached answer whose time is over, else the first template that fits, both `degraded`; undefined where
 * the caller would rather have the error, where the fault is the caller's own, or where there is neither. Too late for the providers is
 * not too late for these. Nor is there a template for who named a model that nobody here serves, unless it was asked for: that is no bad
 * hour, and a 200 would hide it. A caller who asked for it has the question queued where no kept answer was found: the job's id stands in the
 * template, or in an answer without text.
 */
export async function fallback(
  question: Question,
  error: RefrainError,
  lookup: Pick<Lookup, 'stale'>,
  jobs: Pick<JobQueue, 'submit'>,
): Promise<Answer | undefined> {
  const isOurs = errorCodes[error.code].tryNext || error.code === 'deadline';
  const mode = question.ask.options?.fallback;
  if (!isOurs || mode === FallbackMode.NONE) return undefined;
  const held = await lookup.stale(question);
  if (held?.answer) return held.answer;
  const template = isForNobody(question, error) ? undefined : fromTemplate(question, error);
  const jobId = mode === FallbackMode.QUEUE ? await jobs.submit(question) : undefined;
  if (jobId === undefined) return template;
  return withJob(template ?? queuedAnswer(question, error), jobId);
}

/** What waiting does not mend: only an operator does. */
const amiss: ReadonlySet<string> = new Set(['NO_RESPONDERS', 'MODEL_MISSING']);

/** Whether the caller named one model, said nothing about fallbacks, and the model is not to be had here. */
function isForNobody({ ask, chat, settings }: Question, { code, reason }: RefrainError): boolean {
  const isUnsaid = (ask.options?.fallback ?? FallbackMode.UNSPECIFIED) === FallbackMode.UNSPECIFIED;
  return isUnsaid && isPinned(settings.mesh, chat.model) && (code === 'upstream_denied' || amiss.has(reason));
}

function withJob(answer: Answer, jobId: string): Answer {
  if (answer.provenance) answer.provenance.jobId = jobId;
  return answer;
}

function fromTemplate(question: Question, error: RefrainError): Answer | undefined {
  const { chat, settings } = question;
  const template = matchTemplate(settings.mesh.templates, questionOf(chat), 'fallback');
  if (!template) return undefined;
  return lesser(question, error, {
    text: template.answer,
    source: Source.TEMPLATE,
    provider: 'template',
    model: template.name,
  });
}

/** No template fits: there is nothing to say but that it is queued. */
function queuedAnswer(question: Question, error: RefrainError): Answer {
  return lesser(question, error, { text: '', source: Source.QUEUED, provider: 'jobs', model: 'queue' });
}

function lesser(
  { classification, requestId }: Question,
  error: RefrainError,
  { text, ...by }: { text: string; source: Source; provider: string; model: string },
): Answer {
  return create(AnswerSchema, {
    ...{ requestId, text },
    finishReason: FinishReason.STOP,
    usage: {},
    cost: {},
    provenance: { ...by, reason: `fallback:${error.reason.toLowerCase()}`, degraded: true, classification },
    createdAtMs: BigInt(Date.now()),
  });
}
