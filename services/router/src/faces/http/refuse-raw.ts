import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RefrainError } from '@refrain/errors';
import type { Pipeline } from '../../pipeline.ts';
import { toErrorBody } from './error-body.ts';

const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What is known beside the fault. */
export interface RawParts {
  /** The last response that was begun on the connection. */
  readonly current: ServerResponse | undefined;
  readonly pipeline: Pick<Pipeline, 'refused'>;
}

/**
 * Answers what is no HTTP at all with the same body as every other refusal, and closes the connection. It only closes where nothing was
 * said, where its peer is gone, and where an answer has begun: its reader would take the refusal for a part of that, or for the next.
 */
export function refuseRaw(error: NodeJS.ErrnoException, socket: Socket, { current, pipeline }: RawParts): void {
  // A request that has begun and breaks off is counted where it is read.
  const isNew = !current || (current.writableEnded && current.req.complete);
  // One that waits for its turn has no socket yet.
  const hasBegun = !isNew && (current.headersSent || current.socket === null);
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesRead === 0 || hasBegun) {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ''] ?? '400 Bad Request';
  const refusal = new RefrainError('invalid', `The request is not valid HTTP: ${status.slice(4)}.`, {
    reason: 'INVALID_HTTP',
  });
  if (isNew) pipeline.refused('http', refusal);
  const body = JSON.stringify(toErrorBody(refusal));
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
