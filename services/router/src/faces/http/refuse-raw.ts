import type { Duplex } from 'node:stream';
import { RefrainError } from '@refrain/errors';
import { toErrorBody } from './error-body.ts';

const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answers what is no HTTP at all with the same body as every other refusal, and closes the connection. */
export function refuseRaw(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ''] ?? '400 Bad Request';
  const refusal = new RefrainError('invalid', `The request is not valid HTTP: ${status.slice(4)}.`, {
    reason: 'INVALID_HTTP',
  });
  const body = JSON.stringify(toErrorBody(refusal));
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
