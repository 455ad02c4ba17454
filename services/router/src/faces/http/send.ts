/** How a JSON answer leaves, also where the request's own body was never read. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** So much is left to Node to throw away, and the connection is used on. */
const discardedBytes = 1024 * 1024;
/** Of a longer or endless body so much is thrown away, and for so long: its sender hears the answer instead of a reset. */
const toleratedBytes = 32 * 1024 * 1024;
const toleratedMs = 5000;

/** An answer that may not fit into what the system keeps for a connection: a client that takes nothing of it is not waited for. */
const largeBytes = 64 * 1024;
const defaultStalledMs = 60_000;

/** What is sent. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** A client that takes nothing of a large answer for so long is let go; a minute where absent. */
  readonly stalledMs?: number;
}

/** Sends a JSON body with its length. Of a request whose body was not read nothing is kept; a long one costs its connection. */
export function send(response: ServerResponse, { body, headers, stalledMs, status }: JsonAnswer): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const head = { ...headers, 'content-type': 'application/json', 'content-length': bytes.length };
  if (bytes.length > largeBytes) response.setTimeout(stalledMs ?? defaultStalledMs, () => response.destroy());
  if (!mustClose(response.req)) {
    response.writeHead(status, head);
    response.end(bytes);
    return;
  }
  response.writeHead(status, { ...head, connection: 'close' });
  // All of the answer, but for its end: after that Node closes, and what arrives at a closed connection is answered by a reset.
  response.write(bytes);
  discard(response.req, () => response.end());
}

/** Whether there is too much to come before the connection could serve the next request. A body that nobody asked for may never come. */
function mustClose({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = Number(headers['content-length'] ?? 0);
  return length > discardedBytes || (length > 0 && headers.expect !== undefined);
}

function discard(request: IncomingMessage, done: () => void): void {
  let bytes = 0;
  const over = setTimeout(finish, toleratedMs);
  request.on('data', count);
  request.once('end', finish);
  request.once('close', finish);
  request.resume();

  function count(chunk: Buffer): void {
    bytes += chunk.length;
    if (bytes > toleratedBytes) finish();
  }
  function finish(): void {
    clearTimeout(over);
    request.off('data', count);
    request.off('end', finish);
    request.off('close', finish);
    done();
  }
}
