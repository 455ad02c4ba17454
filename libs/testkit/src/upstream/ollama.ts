/** /api/chat as lines of JSON, the last with `done: true`; errors are lines with status 200 (docs.ollama.com/api). */
import { type Fault, type FilledReply, usageOf } from './reply.ts';
import type { FaultReply, StreamScript, Wire } from './wire.ts';

const line = (data: object) => `${JSON.stringify(data)}\n`;
const createdAt = '2026-11-24T12:00:00.000000Z';

const callsOf = (reply: FilledReply) =>
  reply.toolCalls.map((call) => ({ function: { name: call.name, arguments: call.arguments } }));

function part(reply: FilledReply, message: object): object {
  return {
    model: reply.model,
    created_at: createdAt,
    message: { role: 'assistant', content: '', ...message },
    done: false,
  };
}

function last(reply: FilledReply, message: object): object {
  const usage = usageOf(reply);
  return {
    ...part(reply, message),
    done: true,
    done_reason: reply.finish === 'length' ? 'length' : 'stop',
    total_duration: 1_000_000,
    load_duration: 1000,
    prompt_eval_duration: 1000,
    eval_duration: 1000,
    ...(usage && { prompt_eval_count: usage.prompt, eval_count: usage.completion }),
  };
}

function stream(reply: FilledReply): StreamScript {
  const thinking = reply.thinking === undefined ? [] : [line(part(reply, { thinking: reply.thinking }))];
  return {
    open: thinking,
    chunks: [
      ...reply.pieces.map((content) => line(part(reply, { content }))),
      ...callsOf(reply).map((call) => line(part(reply, { tool_calls: [call] }))),
    ],
    close: [],
    end: [line(last(reply, {}))],
  };
}

function fault({ kind }: Fault): FaultReply {
  switch (kind) {
    case 'rate_limited':
    case 'daily_quota':
      return { status: 429, body: { error: 'too many requests' } };
    case 'spend_limit':
      return { status: 402, body: { error: 'payment required' } };
    case 'bad_key':
      return { status: 401, body: { error: 'unauthorized' } };
    case 'overloaded':
      return { status: 503, body: { error: 'server busy, please try again.  maximum pending requests exceeded' } };
    case 'failed':
      return { status: 500, body: { error: 'llama runner process has terminated' } };
    case 'invalid':
      return { status: 400, body: { error: 'invalid options' } };
    case 'model_missing':
      return { status: 404, body: { error: "model 'unknown' not found" } };
    case 'context_too_long':
      return { status: 400, body: { error: 'the input length exceeds the context length' } };
  }
}

/** Ollama with the given models; its base URL is `<url>`. */
export function ollamaWire(models: readonly string[]): Wire {
  return {
    streamType: 'application/x-ndjson',
    headers: {},
    model: (ask) => (ask.path === '/api/chat' ? String(ask.body.model) : undefined),
    isStreamed: (ask) => ask.body.stream !== false,
    stream,
    whole: (reply) =>
      last(reply, { content: reply.text, ...(callsOf(reply).length > 0 && { tool_calls: callsOf(reply) }) }),
    fault,
    errorEvent: () => line({ error: 'an error was encountered while running the model' }),
    garbage: () => '{"model": oops\n',
    other: (ask) =>
      ask.path === '/api/tags'
        ? { models: models.map((name) => ({ name, model: name, modified_at: createdAt, size: 1, digest: 'scripted' })) }
        : undefined,
  };
}
