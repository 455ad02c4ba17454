/** GenerateContentResponses by SSE without a terminator: the last one has `finishReason` and usage (ai.google.dev/api). */
import { type Fault, type FilledReply, usageOf } from './reply.ts';
import type { FaultReply, StreamScript, Wire } from './wire.ts';

// Google ends its lines with CR LF.
const event = (data: object) => `data: ${JSON.stringify(data)}\r\n\r\n`;

const finishReasons = { stop: 'STOP', length: 'MAX_TOKENS', content_filter: 'SAFETY' } as const;

function response(reply: FilledReply, parts: readonly object[], last: boolean): object {
  const usage = last ? usageOf(reply) : undefined;
  const candidate = {
    content: { role: 'model', parts },
    ...(last && { finishReason: finishReasons[reply.finish] }),
    index: 0,
  };
  return {
    candidates: [candidate],
    ...(usage && {
      usageMetadata: {
        promptTokenCount: usage.prompt,
        candidatesTokenCount: usage.completion - (usage.reasoning ?? 0),
        totalTokenCount: usage.prompt + usage.completion,
        ...(usage.cached !== undefined && { cachedContentTokenCount: usage.cached }),
        ...(usage.reasoning !== undefined && { thoughtsTokenCount: usage.reasoning }),
      },
    }),
    modelVersion: reply.model,
    responseId: 'scripted',
  };
}

const callParts = (reply: FilledReply) =>
  reply.toolCalls.map((call) => ({ functionCall: { id: call.id, name: call.name, args: call.arguments } }));

function stream(reply: FilledReply): StreamScript {
  const thinking =
    reply.thinking === undefined ? [] : [event(response(reply, [{ text: reply.thinking, thought: true }], false))];
  return {
    open: thinking,
    chunks: [
      ...reply.pieces.map((text) => event(response(reply, [{ text }], false))),
      ...callParts(reply).map((part) => event(response(reply, [part], false))),
    ],
    close: [],
    end: [event(response(reply, [{ text: '' }], true))],
  };
}

const error = (code: number, status: string, message: string, details: object[] = []) => ({
  error: { code, message, status, details },
});
const info = (reason: string) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
});

function quota(quotaId: string, retryAfterMs: number | undefined): FaultReply {
  const violation = { quotaMetric: 'generativelanguage.googleapis.com/generate_requests', quotaId, quotaValue: '10' };
  const details: object[] = [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [violation] }];
  if (retryAfterMs !== undefined) {
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterMs / 1000}s` });
  }
  return { status: 429, body: error(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota', details) };
}

function fault({ kind, retryAfterMs }: Fault): FaultReply {
  switch (kind) {
    case 'rate_limited':
      return quota('GenerateRequestsPerMinutePerProjectPerModel', retryAfterMs);
    case 'daily_quota':
      return quota('GenerateRequestsPerDayPerProjectPerModel', retryAfterMs);
    case 'spend_limit':
      return { status: 403, body: error(403, 'PERMISSION_DENIED', 'Billing is disabled', [info('BILLING_DISABLED')]) };
    case 'bad_key':
      return { status: 400, body: error(400, 'INVALID_ARGUMENT', 'API key not valid', [info('API_KEY_INVALID')]) };
    case 'overloaded':
      return { status: 503, body: error(503, 'UNAVAILABLE', 'The model is overloaded') };
    case 'failed':
      return { status: 500, body: error(500, 'INTERNAL', 'An internal error has occurred') };
    case 'invalid':
      return { status: 400, body: error(400, 'INVALID_ARGUMENT', 'Invalid value at generation_config') };
    case 'model_missing':
      return { status: 404, body: error(404, 'NOT_FOUND', 'models/unknown is not found') };
    case 'context_too_long':
      return {
        status: 400,
        body: error(
          400,
          'INVALID_ARGUMENT',
          'The input token count (2000000) exceeds the maximum number of tokens allowed',
        ),
      };
  }
}

/** Gemini; its base URL is `<url>`. */
export const geminiWire: Wire = {
  streamType: 'text/event-stream',
  headers: {},
  model: (ask) => {
    const match = /\/models\/([^/:]+):(?:streamG|g)enerateContent/.exec(ask.path);
    return match ? decodeURIComponent(match[1] ?? '') : undefined;
  },
  isStreamed: (ask) => ask.path.includes(':streamGenerateContent'),
  stream,
  whole: (reply) => {
    const text = reply.text === '' ? [] : [{ text: reply.text }];
    return response(reply, [...text, ...callParts(reply)], true);
  },
  fault,
  errorEvent: () => event(error(503, 'UNAVAILABLE', 'The model is overloaded')),
  garbage: () => 'data: {"candidates": [oops\r\n\r\n',
  other: (ask) => (ask.path === '/v1beta/models' ? { models: [] } : undefined),
};
