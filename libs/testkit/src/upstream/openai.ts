/** Chat completions: SSE chunks, `[DONE]`, usage only where asked for (platform.openai.com/docs/api-reference/chat-streaming). */
import { type Fault, type FilledReply, usageOf } from './reply.ts';
import type { Ask, FaultReply, StreamScript, Wire } from './wire.ts';

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const base = { id: 'chatcmpl-scripted', created: 1_764_000_000, system_fingerprint: 'fp_scripted' };

function toUsage(reply: FilledReply): object | undefined {
  const usage = usageOf(reply);
  return (
    usage && {
      prompt_tokens: usage.prompt,
      completion_tokens: usage.completion,
      total_tokens: usage.prompt + usage.completion,
      prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
      completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    }
  );
}

const finishOf = (reply: FilledReply) => (reply.toolCalls.length > 0 ? 'tool_calls' : reply.finish);

function stream(reply: FilledReply, ask: Ask): StreamScript {
  const head = { ...base, object: 'chat.completion.chunk', model: reply.model };
  const withUsage = (ask.body.stream_options as { include_usage?: boolean } | undefined)?.include_usage === true;
  const choice = (delta: object, finish: string | null = null) =>
    event({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(withUsage && { usage: null }),
    });
  const calls = reply.toolCalls.flatMap((call, index) => {
    const text = JSON.stringify(call.arguments);
    const part = (argumentsText: string) => choice({ tool_calls: [{ index, function: { arguments: argumentsText } }] });
    const opening = { index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } };
    const half = Math.ceil(text.length / 2);
    return [choice({ tool_calls: [opening] }), part(text.slice(0, half)), part(text.slice(half))];
  });
  const thinking = reply.thinking === undefined ? [] : [choice({ reasoning_content: reply.thinking })];
  const usage = withUsage ? toUsage(reply) : undefined;
  return {
    open: [choice({ role: 'assistant', content: '', refusal: null }), ...thinking],
    chunks: [...reply.pieces.map((content) => choice({ content })), ...calls],
    close: [choice({}, finishOf(reply)), ...(usage ? [event({ ...head, choices: [], usage })] : [])],
    end: ['data: [DONE]\n\n'],
  };
}

function whole(reply: FilledReply): object {
  const toolCalls = reply.toolCalls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
  const message = {
    role: 'assistant',
    content: reply.text === '' ? null : reply.text,
    refusal: null,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return {
    ...base,
    object: 'chat.completion',
    model: reply.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(reply) }],
    usage: toUsage(reply),
  };
}

function seconds(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

function fault({ kind, retryAfterMs }: Fault): FaultReply {
  const error = (message: string, type: string, code: string | null) => ({
    error: { message, type, param: null, code },
  });
  switch (kind) {
    case 'rate_limited':
    case 'daily_quota':
      return {
        status: 429,
        body: error('Rate limit reached for requests', 'requests', 'rate_limit_exceeded'),
        headers: {
          'x-ratelimit-limit-requests': '60',
          'x-ratelimit-remaining-requests': '0',
          'x-ratelimit-remaining-tokens': '149984',
          'x-ratelimit-reset-tokens': '6m0s',
          ...(retryAfterMs !== undefined && { 'x-ratelimit-reset-requests': seconds(retryAfterMs) }),
        },
      };
    case 'spend_limit':
      return {
        status: 429,
        body: error('You exceeded your current quota', 'insufficient_quota', 'credit_balance_exhausted'),
      };
    case 'bad_key':
      return { status: 401, body: error('Incorrect API key provided', 'invalid_request_error', 'invalid_api_key') };
    case 'overloaded':
      return { status: 503, body: error('The engine is currently overloaded', 'server_error', 'engine_overloaded') };
    case 'failed':
      return { status: 500, body: error('The server had an error', 'server_error', null) };
    case 'invalid':
      return { status: 400, body: error("Invalid 'temperature'", 'invalid_request_error', null) };
    case 'model_missing':
      return { status: 404, body: error('The model does not exist', 'invalid_request_error', 'model_not_found') };
    case 'context_too_long':
      return { status: 400, body: error('Too many tokens', 'invalid_request_error', 'context_length_exceeded') };
  }
}

/** OpenAI and all that speak like it; its base URL is `<url>/v1`. */
export const openAiWire: Wire = {
  streamType: 'text/event-stream; charset=utf-8',
  headers: { 'x-request-id': 'req_scripted' },
  model: (ask) => (ask.path.endsWith('/chat/completions') ? String(ask.body.model) : undefined),
  isStreamed: (ask) => ask.body.stream === true,
  stream,
  whole,
  fault,
  errorEvent: () => event({ error: { message: 'The server had an error', type: 'server_error', code: null } }),
  garbage: () => 'data: {"choices": [oops\n\n',
  other: (ask) => (ask.path.endsWith('/models') ? { object: 'list', data: [] } : undefined),
};
