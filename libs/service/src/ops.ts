import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

/** Whether a service can do its work, and the state of each part it stands on. */
export interface Readiness {
  readonly ok: boolean;
  readonly parts: Readonly<Record<string, string>>;
}

/** A running ops server. */
export interface Ops {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves `/healthz` (the process lives), `/readyz` (503 with the parts while it cannot work) and `/metrics`. */
export async function startOps(options: {
  host: string;
  port: number;
  metrics: Metrics;
  ready: () => Readiness;
}): Promise<Ops> {
  const server = createServer((request, response) => {
    switch (request.url) {
      case '/healthz':
        return json(response, 200, { ok: true });
      case '/readyz': {
        const readiness = options.ready();
        return json(response, readiness.ok ? 200 : 503, readiness);
      }
      case '/metrics':
        options.metrics.text().then(
          (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
          () => response.writeHead(500).end(),
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
  return { port, url: `http://${options.host}:${port}`, stop };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
