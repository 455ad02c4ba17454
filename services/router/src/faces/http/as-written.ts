/** The mesh judges one canonical request, whatever door it came through, and names its fields; who came by HTTP wrote others. */
import type { IncomingHttpHeaders } from 'node:http';
import { type FieldViolation, RefrainError } from '@refrain/errors';
import type { ChatCompletionBody } from './request-schema.ts';

/** An error with its fields named otherwise, in its message too. */
export function renamed(error: RefrainError, rename: (field: string) => string): RefrainError {
  const { cause, code, fields, reason, retryAfterMs, spent } = error;
  const [first] = fields;
  if (!first) return error;
  const named = fields.map(({ field, description }): FieldViolation => ({ field: rename(field), description }));
  const opening = `${first.field} `;
  const message = error.message.startsWith(opening)
    ? `${named[0]?.field} ${error.message.slice(opening.length)}`
    : error.message;
  return new RefrainError(code, message, {
    ...{ cause, reason, spent, fields: named },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Where the sender of a chat completion wrote a field of the canonical request: in the body, or in a header. */
export function fieldOfChat(body: ChatCompletionBody, headers: IncomingHttpHeaders): (field: string) => string {
  return (field) => {
    if (field.startsWith('messages[')) return fieldOfMessage(field, body);
    if (field.startsWith('options.')) return headerOf(field.replace(/\[\d+\]$/, ''), headers);
    if (field === 'max_tokens' && body.max_completion_tokens !== undefined) return 'max_completion_tokens';
    return field
      .replace(/^(tools\[\d+\])\.(name|parameters)$/, '$1.function.$2')
      .replace(/^tool_choice\.name$/, 'tool_choice.function.name')
      .replace(/^tool_choice\.mode$/, 'tool_choice')
      .replace(/^response_format\.schema$/, 'response_format.json_schema.schema');
  };
}

const messageField = /^messages\[(\d+)\]\.(?:content|parts\[(\d+)\](?:\.(text|image\.url))?)$/;

function fieldOfMessage(field: string, { messages }: ChatCompletionBody): string {
  const [, index, part, kind] = messageField.exec(field) ?? [];
  const message = messages[Number(index)];
  if (!message) return field;
  if (message.role === 'assistant' && typeof message.content !== 'string' && typeof message.refusal === 'string')
    return `messages[${index}].refusal`;
  const content = `messages[${index}].content`;
  if (part === undefined || !Array.isArray(message.content)) return content;
  if (kind === undefined) return `${content}[${part}]`;
  return `${content}[${part}].${kind === 'text' ? 'text' : 'image_url.url'}`;
}

const headerNames: Readonly<Record<string, string>> = {
  'options.cache': 'x-refrain-cache',
  'options.fallback': 'x-refrain-fallback',
  'options.minimum_confidence': 'x-refrain-minimum-confidence',
  'options.tags': 'x-refrain-cache-tags',
  'options.ttl_seconds': 'x-refrain-cache-ttl',
};

function headerOf(field: string, headers: IncomingHttpHeaders): string {
  const theirs = 'x-openrouter-cache-ttl';
  const name = headerNames[field] ?? field;
  return name === 'x-refrain-cache-ttl' && headers[name] === undefined && headers[theirs] !== undefined ? theirs : name;
}
