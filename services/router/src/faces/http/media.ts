import type { IncomingMessage, ServerResponse } from 'node:http';
import { RefrainError } from '@refrain/errors';
import { tooLarge } from './body.ts';

const json = /^application\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i;
const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i;
const charsets = new Set(['utf-8', 'utf8', 'us-ascii']);

/**
 * Looks at what a request says of its body, before a byte of it is read: JSON in UTF-8 as it is, no longer than `limitBytes`. A body that
 * says nothing of its kind is taken for that.
 * @throws RefrainError `unsupported` for another kind or a compressed one, `invalid` where it is too long
 */
export function checkMedia({ headers }: IncomingMessage, response: ServerResponse, limitBytes: number): void {
  const type = headers['content-type'];
  if (type !== undefined && type !== 'application/json') checkType(type);
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity') {
    response.setHeader('accept-encoding', 'identity');
    throw unsupported('content-encoding', 'must be identity: compressed bodies are not read');
  }
  const transfer = headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked')
    throw unsupported('transfer-encoding', 'must be chunked');
  if (Number(headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
}

function checkType(type: string): void {
  if (!json.test(type)) throw unsupported('content-type', 'must be application/json');
  const named = charset.exec(type)?.[1]?.toLowerCase();
  if (named !== undefined && !charsets.has(named)) throw unsupported('content-type', 'must have the charset utf-8');
}

function unsupported(field: string, description: string): RefrainError {
  return new RefrainError('unsupported', `${field} ${description}.`, {
    reason: 'UNSUPPORTED_MEDIA_TYPE',
    fields: [{ field, description }],
  });
}
