import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { RefrainError } from '@refrain/errors';

/** Bytes beyond the limit that are read and thrown away so that the client hears the refusal instead of a reset. */
const discardBytes = 32 * 1024 * 1024;

/**
 * Reads a JSON body, checked on its raw bytes first.
 * @throws RefrainError `invalid` when it is larger than `limitBytes`, not UTF-8 or not JSON; `canceled` when its sender leaves.
 */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, limitBytes);
  if (!isUtf8(bytes)) throw invalid('The body is not valid UTF-8.');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new RefrainError('invalid', 'The body is not valid JSON.', { cause, reason: 'INVALID_JSON' });
  }
}

async function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (size > limitBytes + discardBytes) break;
    }
  } catch (cause) {
    throw new RefrainError('canceled', 'The caller left.', { cause });
  }
  if (size > limitBytes) throw invalid(`The request is larger than ${limitBytes} bytes.`, 'REQUEST_TOO_LARGE');
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function invalid(message: string, reason = 'INVALID'): RefrainError {
  return new RefrainError('invalid', message, { reason, fields: [{ field: 'body', description: message }] });
}
