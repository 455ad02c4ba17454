/** Messages: named SSE events from `message_start` to `message_stop` (platform.claude.com/docs/en/build-with-claude/streaming). */
import { type Fault, type FilledReply, usageOf } from './reply.ts';
import type { FaultReply, StreamScript, Wire } from './wire.ts';

const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

const stopReasons = { stop: 'end_turn', length: 'max_tokens', content_filter: 'refusal' } as const;
const stopOf = (reply: FilledReply) => (reply.toolCalls.length > 0 ? 'tool_use' : stopReasons[reply.finish]);

function inputUsage(reply: FilledReply): object {
  const usage = usageOf(reply);
  const cached = usage?.cached ?? 0;
  return usage === undefined
    ? {}
    : { input_tokens: usage.prompt - cached, cache_creation_input_tokens: 0, cache_read_input_tokens: cached };
}

function outputUsage(reply: FilledReply): object {
  const usage = usageOf(reply);
  if (usage === undefined) return {};
  const details = usage.reasoning === undefined ? {} : { output_tokens_details: { thinking_tokens: usage.reasoning } };
  return { output_tokens: usage.completion, ...details };
}

function blocks(reply: FilledReply): object[] {
  const text = reply.text === '' ? [] : [{ type: 'text', text: reply.text, citations: null }];
  const calls = reply.toolCalls.map((call) => ({
    type: 'tool_use',
    id: call.id,
    name: call.name,
    input: call.arguments,
    caller: { type: 'direct' },
  }));
  return [...text, ...calls];
}

function message(reply: FilledReply, content: object[], usage: object, stop: string | null): object {
  const { model } = reply;
  return {
    id: 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage,
  };
}

function stream(reply: FilledReply): StreamScript {
  const chunks: string[] = [];
  let index = 0;
  const block = (content_block: object, deltas: readonly object[]) => {
    const at = index++;
    chunks.push(
      ...deltas.map((delta, i) => {
        const start =
          i === 0 ? event({ type: 'content_block_start', index: at, content_block } as { type: string }) : '';
        return start + event({ type: 'content_block_delta', index: at, delta } as { type: string });
      }),
    );
    chunks.push(event({ type: 'content_block_stop', index: at } as { type: string }));
  };
  if (reply.thinking !== undefined) {
    block({ type: 'thinking', thinking: '', signature: '' }, [{ type: 'thinking_delta', thinking: reply.thinking }]);
  }
  if (reply.pieces.length > 0) {
    block(
      { type: 'text', text: '' },
      reply.pieces.map((text) => ({ type: 'text_delta', text })),
    );
  }
  for (const call of reply.toolCalls) {
    const text = JSON.stringify(call.arguments);
    const half = Math.ceil(text.length / 2);
    block(
      { type: 'tool_use', id: call.id, name: call.name, input: {}, caller: { type: 'direct' } },
      ['', text.slice(0, half), text.slice(half)].map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    );
  }
  const usage = usageOf(reply) && { ...inputUsage(reply), output_tokens: 1 };
  const start = { type: 'message_start', message: message(reply, [], usage ?? {}, null) };
  const delta = { stop_reason: stopOf(reply), stop_sequence: null };
  return {
    open: [event(start), event({ type: 'ping' })],
    chunks,
    close: [event({ type: 'message_delta', delta, usage: outputUsage(reply) } as { type: string })],
    end: [event({ type: 'message_stop' })],
  };
}

const error = (type: string, text: string, details?: object) => ({
  type: 'error',
  error: { type, message: text, ...(details && { details }) },
  request_id: 'req_scripted',
});

function fault({ kind, retryAfterMs }: Fault): FaultReply {
  switch (kind) {
    case 'rate_limited':
    case 'daily_quota':
      return {
        status: 429,
        body: error('rate_limit_error', 'This request would exceed your rate limit'),
        headers: {
          'anthropic-ratelimit-requests-limit': '50',
          'anthropic-ratelimit-requests-remaining': '0',
          ...(retryAfterMs !== undefined && {
            'retry-after': String(Math.ceil(retryAfterMs / 1000)),
            'anthropic-ratelimit-requests-reset': new Date(Date.now() + retryAfterMs).toISOString(),
          }),
          'x-should-retry': 'true',
        },
      };
    case 'spend_limit':
      return {
        status: 429,
        body: error('rate_limit_error', 'Spend limit reached', { error_code: 'enforced_spend_limit_reached' }),
      };
    case 'bad_key':
      return { status: 401, body: error('authentication_error', 'invalid x-api-key') };
    case 'overloaded':
      return { status: 529, body: error('overloaded_error', 'Overloaded') };
    case 'failed':
      return { status: 500, body: error('api_error', 'Internal server error') };
    case 'invalid':
      return { status: 400, body: error('invalid_request_error', 'max_tokens: must be greater than 0') };
    case 'model_missing':
      return { status: 404, body: error('not_found_error', 'model: unknown') };
    case 'context_too_long':
      return {
        status: 400,
        body: error('invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum'),
      };
  }
}

/** Anthropic; its base URL is `<url>`. */
export const claudeWire: Wire = {
  streamType: 'text/event-stream; charset=utf-8',
  headers: { 'request-id': 'req_scripted' },
  model: (ask) => (ask.path === '/v1/messages' ? String(ask.body.model) : undefined),
  isStreamed: (ask) => ask.body.stream === true,
  stream,
  whole: (reply) => message(reply, blocks(reply), { ...inputUsage(reply), ...outputUsage(reply) }, stopOf(reply)),
  fault,
  errorEvent: () => event(error('overloaded_error', 'Overloaded')),
  garbage: () => 'event: content_block_delta\ndata: {"type": oops\n\n',
  other: (ask) =>
    ask.path === '/v1/models' ? { data: [], has_more: false, first_id: null, last_id: null } : undefined,
};
