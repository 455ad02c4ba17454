import type { Secret } from '@refrain/service';
import type { Adapter } from '../adapter.ts';
import { checkKey, readStream } from '../reader.ts';
import { OpenAiStream } from './parse-stream.ts';
import { toOpenAiError } from './to-error.ts';
import { toOpenAiRequest } from './to-request.ts';

const publicUrl = 'https://api.openai.com/v1';

/** An adapter for OpenAI and for all that speak its chat completions: Groq, DeepSeek, OpenRouter, vLLM. */
export function createOpenAiAdapter(options: { readonly baseUrl?: string | undefined }): Adapter {
  const base = options.baseUrl ?? publicUrl;
  const url = new URL(`${base.replace(/\/+$/, '')}/chat/completions`);
  const listUrl = new URL(`${base.replace(/\/+$/, '')}/models`);
  const official = url.hostname === 'api.openai.com';
  return {
    stream(call, { fetch, signal, key }) {
      const body = JSON.stringify(toOpenAiRequest(call, official));
      const headers = { accept: 'text/event-stream', ...toHeaders(key) };
      const reader = new OpenAiStream(call.model);
      return readStream(
        fetch,
        { url, headers, body, signal },
        { reader, contentType: /event-stream/, toError: toOpenAiError },
      );
    },
    check({ fetch, signal, key }) {
      return checkKey(fetch, { url: listUrl, headers: toHeaders(key), signal }, toOpenAiError);
    },
    has: () => true,
    state: () => ({ ok: true, text: 'ready' }),
    close: async () => undefined,
  };
}

function toHeaders(key: Secret | undefined): Record<string, string> {
  return key ? { authorization: `Bearer ${key.reveal()}` } : {};
}
