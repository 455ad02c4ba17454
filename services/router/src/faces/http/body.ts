import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { RefrainError } from '@refrain/errors';
import { shortened } from './violations.ts';
import { pathOfIllFormed } from './well-formed.ts';

/** An escape that stands for half of a character: only such a text can hold one without the other. */
const surrogate = /\\u[dD][89a-fA-F]/;

/**
 * Reads a JSON body, checked on its raw bytes first.
 * @throws RefrainError `invalid` when it is larger than `limitBytes`, not UTF-8, not JSON or has half a surrogate pair; `canceled` when its
 * sender leaves. What follows the limit is not read.
 */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, limitBytes);
  if (!isUtf8(bytes)) throw invalid('body', 'is not valid UTF-8', 'INVALID');
  const text = bytes.toString('utf8');
  const json = parse(text);
  const half = surrogate.test(text) ? pathOfIllFormed(json) : undefined;
  if (half !== undefined) throw invalid(half === '' ? 'body' : shortened(half), 'has half a surrogate pair', 'INVALID');
  return json;
}

/** @throws RefrainError that says how much a request may be */
export function tooLarge(limitBytes: number): RefrainError {
  return invalid('body', `is larger than ${limitBytes} bytes`, 'REQUEST_TOO_LARGE');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RefrainError('invalid', 'The body is not valid JSON.', { cause, reason: 'INVALID_JSON' });
  }
}

/** By events: leaving an iterator early would take the connection with it, and the refusal too. */
function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      request.off('data', take);
      request.pause();
      reject(tooLarge(limitBytes));
    };
    const left = (cause?: unknown) => reject(new RefrainError('canceled', 'The caller left.', { cause }));
    request.on('data', take);
    request.once('end', () => {
      // Every request closes some time; an error is not made for those that came whole.
      request.off('close', left);
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    // Stays: a sender may still leave while what it sends is thrown away.
    request.on('error', left);
    request.once('close', left);
  });
}

function invalid(field: string, description: string, reason: string): RefrainError {
  const subject = field === 'body' ? 'The body' : field;
  return new RefrainError('invalid', `${subject} ${description}.`, { reason, fields: [{ field, description }] });
}
