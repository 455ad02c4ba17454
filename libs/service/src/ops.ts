import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Whether a service can do its work, and the state of each part it stands on. */
export interface Readiness {
  readonly ok: boolean;
  readonly parts: Readonly<Record<string, string>>;
}

/** A running ops server. */
export interface Ops {
  readonly port: number;
  /** An address this machine can call, also when the server listens on all. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves `/healthz` (the process lives), `/readyz` (503 with the parts while it cannot work) and `/metrics`. Port 0 takes
 * a free one.
 * @throws the listen error (EADDRINUSE, EACCES).
 */
export async function startOps(options: {
  host: string;
  port: number;
  metrics: Metrics;
  ready: () => Readiness;
  log: Logger;
}): Promise<Ops> {
  const server = createServer((request, response) => {
    switch (request.url?.split('?', 1)[0]) {
      case '/healthz':
        return json(response, 200, { ok: true });
      case '/readyz': {
        const readiness = options.ready();
        return json(response, readiness.ok ? 200 : 503, readiness);
      }
      case '/metrics':
        options.metrics.text().then(
          (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
          (err) => {
            options.log.error({ err }, 'metrics cannot be collected');
            json(response, 500, { error: 'metrics cannot be collected' });
          },
        );
        return;
      default:
        return json(response, 404, { error: 'try /healthz, /readyz or /metrics' });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port, url: `http://${reachable(options.host)}:${port}`, stop };
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
