import type { Secret } from '@refrain/service';
import type { Adapter } from '../adapter.ts';
import { checkKey, readStream } from '../reader.ts';
import { GeminiStream } from './parse-stream.ts';
import { toGeminiError } from './to-error.ts';
import { toGeminiRequest } from './to-request.ts';

const publicUrl = 'https://generativelanguage.googleapis.com';

/** An adapter for Google's Gemini API (v1beta). */
export function createGeminiAdapter(options: { readonly baseUrl?: string | undefined }): Adapter {
  const base = (options.baseUrl ?? publicUrl).replace(/\/+$/, '');
  const listUrl = new URL(`${base}/v1beta/models?pageSize=1`);
  return {
    stream(call, { fetch, signal, key }) {
      const body = JSON.stringify(toGeminiRequest(call));
      const url = new URL(`${base}/v1beta/models/${encodeURIComponent(call.model)}:streamGenerateContent?alt=sse`);
      const headers = { accept: 'text/event-stream', ...toHeaders(key) };
      const reader = new GeminiStream(call.model);
      return readStream(
        fetch,
        { url, headers, body, signal },
        { reader, contentType: /event-stream/, toError: toGeminiError },
      );
    },
    check({ fetch, signal, key }) {
      return checkKey(fetch, { url: listUrl, headers: toHeaders(key), signal }, toGeminiError);
    },
    has: () => true,
    state: () => ({ ok: true, text: 'ready' }),
    close: async () => undefined,
  };
}

function toHeaders(key: Secret | undefined): Record<string, string> {
  return key ? { 'x-goog-api-key': key.reveal() } : {};
}
