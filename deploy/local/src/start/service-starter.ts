import { freePort } from '@refrain/parts';
import { type RunningService, type ServiceProgram, startService } from './service-process.ts';

/** A port of a service: where it should be, and which address of the ready message tells where it is. */
export interface PortPlan {
  readonly preferred: number;
  readonly told: 'grpc' | 'http' | 'metrics';
  /** The variable of `npm start` for it, where that is not the service's own. */
  readonly variable?: string;
}

/** A service to be started; the ports go by their variable. */
export interface ServicePlan extends ServiceProgram {
  readonly ports: Readonly<Record<string, PortPlan>>;
}

/**
 * A start function for a service. The first start takes the preferred ports or, with a word, free ones; every later one the same again, which is where
 * others look for it.
 */
export function serviceStarter(plan: ServicePlan, say: (line: string) => void) {
  let settled: Record<string, number> | undefined;
  return async (signal: AbortSignal): Promise<RunningService> => {
    const ports = settled ?? (await choose(plan.ports));
    const env = { ...plan.env, ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, `${port}`])) };
    const running = await startService({ ...plan, env }, signal);
    if (!settled) {
      settled = {};
      for (const [name, { preferred, told, variable = name }] of Object.entries(plan.ports)) {
        const port = portOf(running.ready[told]) ?? preferred;
        settled[name] = port;
        if (preferred !== 0 && port !== preferred) {
          say(`${plan.name}: port ${preferred} is taken, so ${told} is on ${port} (${variable})`);
        }
      }
    }
    return running;
  };
}

/** 0 where the preferred port is taken: the service itself takes a free one, so that nobody can come in between. */
async function choose(ports: Readonly<Record<string, PortPlan>>): Promise<Record<string, number>> {
  const chosen: Record<string, number> = {};
  for (const [name, { preferred }] of Object.entries(ports)) {
    chosen[name] = (await freePort(preferred)) === preferred ? preferred : 0;
  }
  return chosen;
}

function portOf(address: string | undefined): number | undefined {
  const port = /:(\d+)(?:\/|$)/.exec(address ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}
