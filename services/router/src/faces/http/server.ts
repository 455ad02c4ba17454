/** The OpenAI-compatible door: translates to and from the canonical request and decides nothing. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { toRefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { drainable } from './drainable.ts';
import { errorHeaders, httpStatus, toErrorBody } from './error-body.ts';
import { handle } from './handle.ts';
import { refuseRaw } from './refuse-raw.ts';
import type { RouteParts } from './routes.ts';
import { send } from './send.ts';

/** What the HTTP face needs. */
export interface HttpFaceOptions extends RouteParts {
  readonly host: string;
  readonly port: number;
}

/** A running HTTP face. */
export interface HttpFace {
  readonly port: number;
  /** Takes no new connection, lets running requests end, at most `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

/** What a request may take to arrive, its body too; Node looks twice a minute and answers 408. */
const arrivalMs = 60_000;

/** Starts the OpenAI-compatible HTTP face. */
export async function startHttpFace(options: HttpFaceOptions): Promise<HttpFace> {
  const current = new WeakMap<Socket, ServerResponse>();
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    current.set(request.socket, response);
    handle(request, response, options).catch((thrown) => fail(response, thrown, options.log));
  };
  // A request without a host is refused by us, with a body that clients can read.
  const server = createServer({ requestTimeout: arrivalMs, requireHostHeader: false }, answer);
  const drain = drainable(server);
  server.keepAliveTimeout = 75_000;
  // Who asks before it sends is told to go on when it is let in, not before.
  server.on('checkContinue', answer);
  server.on('checkExpectation', answer);
  server.on('clientError', (error, duplex) => {
    // This server listens on TCP alone.
    const socket = duplex as Socket;
    refuseRaw(error, socket, { current: current.get(socket), ...options });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, drain };
}

function fail(response: ServerResponse, thrown: unknown, log: Logger): void {
  const error = toRefrainError(thrown);
  if (error.code === 'internal') log.error({ err: error.cause ?? error }, 'http request failed');
  if (response.headersSent || response.destroyed || !response.req.socket.writable) {
    response.destroy();
    return;
  }
  send(response, { status: httpStatus(error), body: toErrorBody(error), headers: errorHeaders(error) });
}
