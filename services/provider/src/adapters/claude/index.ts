import type { Secret } from '@refrain/service';
import type { Adapter } from '../adapter.ts';
import { checkKey, readStream } from '../reader.ts';
import { ClaudeStream } from './parse-stream.ts';
import { toClaudeError } from './to-error.ts';
import { toClaudeRequest } from './to-request.ts';

const publicUrl = 'https://api.anthropic.com';
const apiVersion = '2023-06-01';

/** An adapter for Anthropic's Messages API. */
export function createClaudeAdapter(options: { readonly baseUrl?: string | undefined }): Adapter {
  const base = (options.baseUrl ?? publicUrl).replace(/\/+$/, '');
  const url = new URL(`${base}/v1/messages`);
  const listUrl = new URL(`${base}/v1/models?limit=1`);
  return {
    stream(call, { fetch, signal, key }) {
      const body = JSON.stringify(toClaudeRequest(call));
      const headers = { accept: 'text/event-stream', ...toHeaders(key) };
      const reader = new ClaudeStream(call.model);
      return readStream(
        fetch,
        { url, headers, body, signal },
        { reader, contentType: /event-stream/, toError: toClaudeError },
      );
    },
    check({ fetch, signal, key }) {
      return checkKey(fetch, { url: listUrl, headers: toHeaders(key), signal }, toClaudeError);
    },
    has: () => true,
    state: () => ({ ok: true, text: 'ready' }),
    close: async () => undefined,
  };
}

function toHeaders(key: Secret | undefined): Record<string, string> {
  return { 'anthropic-version': apiVersion, ...(key && { 'x-api-key': key.reveal() }) };
}
