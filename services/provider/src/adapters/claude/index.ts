import type { Adapter } from '../adapter.ts';
import { readStream } from '../reader.ts';
import { ClaudeStream } from './parse-stream.ts';
import { toClaudeError } from './to-error.ts';
import { toClaudeRequest } from './to-request.ts';

const publicUrl = 'https://api.anthropic.com';
const apiVersion = '2023-06-01';

/** An adapter for Anthropic's Messages API. */
export function createClaudeAdapter(options: { readonly baseUrl?: string | undefined }): Adapter {
  const url = new URL(`${(options.baseUrl ?? publicUrl).replace(/\/+$/, '')}/v1/messages`);
  return {
    stream(call, { fetch, signal, key }) {
      const body = JSON.stringify(toClaudeRequest(call));
      const headers = {
        accept: 'text/event-stream',
        'anthropic-version': apiVersion,
        ...(key && { 'x-api-key': key.reveal() }),
      };
      const reader = new ClaudeStream(call.model);
      return readStream(
        fetch,
        { url, headers, body, signal },
        { reader, contentType: /event-stream/, toError: toClaudeError },
      );
    },
    has: () => true,
    state: () => ({ ok: true, text: 'ready' }),
    close: async () => undefined,
  };
}
