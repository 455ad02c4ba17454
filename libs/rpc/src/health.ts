/** grpc.health.v1: the state of the whole server (""), of each service, and of two names that probes tell apart. */
import { create } from '@bufbuild/protobuf';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Serving,
} from '@refrain/contracts/grpc';
import { RefrainError } from '@refrain/errors';
import { type RegisteredService, service } from './handlers.ts';

/** The health service and the switch behind it. */
export interface HealthService {
  readonly registered: RegisteredService;
  /** Whether the server takes work. `liveness` stays SERVING as long as the process answers. */
  setServing(serving: boolean): void;
  /** Takes no work any more; whoever watches hears so, and its call ends. */
  close(): void;
}

/** Knows "", "liveness", "readiness" and every name given. */
export function createHealth(names: readonly string[]): HealthService {
  const known = new Set(['', 'readiness', ...names]);
  const watchers = new Set<() => void>();
  let serving = true;
  let closed = false;
  const check = (name: string): HealthCheckResponse => {
    if (name !== 'liveness' && !known.has(name)) throw new RefrainError('not_found', `There is no service ${name}.`);
    const status = serving || name === 'liveness' ? Serving.SERVING : Serving.NOT_SERVING;
    return create(HealthCheckResponseSchema, { status });
  };
  const setServing = (value: boolean) => {
    serving = value;
    for (const wake of [...watchers]) wake();
  };
  async function* watch(name: string, signal: AbortSignal): AsyncGenerator<HealthCheckResponse> {
    let last: number | undefined;
    while (!signal.aborted) {
      const isKnown = name === 'liveness' || known.has(name);
      const status = isKnown ? check(name).status : Serving.SERVICE_UNKNOWN;
      if (status !== last) yield create(HealthCheckResponseSchema, { status });
      last = status;
      if (closed) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          watchers.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        watchers.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }
  return {
    registered: service(Health, {
      check: async (request) => check(request.service),
      watch: (request, context) => watch(request.service, context.signal),
    }),
    setServing,
    close: () => {
      closed = true;
      setServing(false);
    },
  };
}
