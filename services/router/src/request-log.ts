/** A line of the log for each question, for who looks for one: at the level `debug`, and nothing is made of it at another. */
import type { Logger } from '@refrain/service';
import type { Question } from './ask.ts';
import type { Events } from './events.ts';
import { sourceName } from './source-name.ts';

/** A caller may ask for a model by any text. */
const nameCharacters = 100;

/** Who hears how questions ended also writes it down: never a prompt, an answer, a key, or an error's own words, which may quote one. */
export function withRequestLog(events: Events, log: Pick<Logger, 'debug'>): Events {
  return {
    answered: (question, answer, ms) => {
      events.answered(question, answer, ms);
      const { provenance, usage } = answer;
      const fields = {
        ...about(question, ms),
        status: 'ok',
        source: sourceName(provenance?.source ?? 0),
        provider: provenance?.provider,
        model: provenance?.model,
        reason: provenance?.reason,
        attempts: provenance?.attempts,
        promptTokens: usage?.promptTokens ?? 0,
        completionTokens: usage?.completionTokens ?? 0,
      };
      log.debug(fields, 'request answered');
    },
    failed: (question, error, ms) => {
      events.failed(question, error, ms);
      log.debug({ ...about(question, ms), status: error.code, reason: error.reason }, 'request failed');
    },
  };
}

function about({ ask, caller, chat, requestId }: Question, ms: number) {
  return {
    requestId,
    tenant: caller.tenant,
    face: ask.face,
    asked: chat.model.slice(0, nameCharacters),
    ms: Math.round(ms * 10) / 10,
  };
}
