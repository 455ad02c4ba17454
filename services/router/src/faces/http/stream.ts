import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Answer, Delta } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { Reply } from '../../reply.ts';
import { toErrorBody } from './error-body.ts';
import { finishReasonName, modelName, toRefrain, toUsage } from './from-answer.ts';

/** What a stream says besides the deltas. */
export interface StreamOptions {
  readonly includeUsage: boolean;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  /** A client that takes nothing for so long is let go; a minute where absent. */
  readonly stalledMs?: number;
  readonly log: Pick<Logger, 'error'>;
}

const defaultStalledMs = 60_000;

/**
 * Writes a reply as server-sent events in OpenAI's form. The response's head must be written already. An error after
 * the first event becomes an `error` event and the stream ends without `[DONE]`, which OpenAI's clients raise.
 */
export async function writeStream(response: ServerResponse, reply: Reply, options: StreamOptions): Promise<void> {
  const base = {
    id: `chatcmpl-${reply.requestId}`,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model: modelName(reply.provenance),
  };
  const { signal, stalledMs = defaultStalledMs } = options;
  const stalled = new AbortController();
  const send = async (event: unknown) => {
    if (response.write(`data: ${JSON.stringify(event)}\n\n`) || signal.aborted) return;
    const timer = setTimeout(() => stalled.abort(), stalledMs);
    try {
      await once(response, 'drain', { signal: AbortSignal.any([signal, stalled.signal]) });
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    let role: { role?: 'assistant' } = { role: 'assistant' };
    for await (const event of reply.events()) {
      if (event.kind === 'delta')
        await send({ ...base, choices: [choice({ ...role, ...toDelta(event.delta) }, null)] });
      else await finish(event.answer);
      role = {};
    }
    response.end('data: [DONE]\n\n');
  } catch (thrown) {
    if (signal.aborted || stalled.signal.aborted) {
      response.destroy();
      return;
    }
    const error = toRefrainError(thrown);
    // A bug of ours, and the status that would say so has left already.
    if (error.code === 'internal') options.log.error({ err: error.cause ?? error }, 'http stream failed');
    response.end(`data: ${JSON.stringify(toErrorBody(error))}\n\n`);
  }

  async function finish(answer: Answer): Promise<void> {
    const refrain = toRefrain(answer.provenance, answer.cost);
    const last = { ...base, choices: [choice({}, finishReasonName(answer.finishReason))] };
    if (!options.includeUsage) return send({ ...last, refrain });
    await send(last);
    await send({ ...base, choices: [], usage: toUsage(answer.usage), refrain });
  }
}

function choice(delta: object, finishReason: string | null) {
  return { index: 0, delta, logprobs: null, finish_reason: finishReason };
}

function toDelta(delta: Delta) {
  return {
    ...((delta.text !== '' || delta.toolCalls.length === 0) && { content: delta.text }),
    ...(delta.toolCalls.length > 0 && {
      tool_calls: delta.toolCalls.map((call) => ({
        index: call.index,
        ...(call.id !== '' && { id: call.id, type: 'function' }),
        function: { ...(call.name !== '' && { name: call.name }), arguments: call.argumentsJson },
      })),
    }),
  };
}
