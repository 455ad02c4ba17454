/** The OpenAI-compatible door: translates to and from the canonical request and decides nothing. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toRefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { drainable } from './drainable.ts';
import { httpStatus, retryHeaders, toErrorBody } from './error-body.ts';
import { refuseRaw } from './refuse-raw.ts';
import { handle, type RouteParts, send } from './routes.ts';

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

/** Starts the OpenAI-compatible HTTP face. */
export async function startHttpFace(options: HttpFaceOptions): Promise<HttpFace> {
  const server = createServer((request, response) => {
    handle(request, response, options).catch((thrown) => fail(response, thrown, options.log));
  });
  const drain = drainable(server);
  server.keepAliveTimeout = 75_000;
  server.on('clientError', refuseRaw);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, drain };
}

function fail(response: ServerResponse, thrown: unknown, log: Logger): void {
  const error = toRefrainError(thrown);
  if (error.code === 'internal') log.error({ err: error.cause ?? error }, 'http request failed');
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  send(response, httpStatus(error), toErrorBody(error), retryHeaders(error));
}
