/**
 * The frame of every service process: logger, start, ops server, stop in reverse order on a signal. Under a supervisor
 * (an IPC channel) it announces its addresses when it is up, and ends when the supervisor is gone.
 */
import { ConfigError } from './config-error.ts';
import { createLogger, type Logger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { type Readiness, startOps } from './ops.ts';

/** What a service is given to start with. */
export interface ServiceScope {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Registers a stop; they run in reverse order, each awaited. */
  onStop(stop: () => Promise<unknown> | unknown): void;
}

/** What a started service tells its frame. */
export interface StartedService {
  readonly ready: () => Readiness;
  readonly ops: { readonly host: string; readonly port: number };
  /** Addresses for the supervisor (`grpc`, `http`). */
  readonly announce?: Readonly<Record<string, unknown>>;
}

const stopLimitMs = 15_000;
/** EX_CONFIG of sysexits.h: starting again will not help. */
const configExit = 78;

/** Runs a service until SIGTERM, SIGINT or the end of its supervisor. */
export async function runService(options: {
  name: string;
  logLevel?: string | undefined;
  start: (scope: ServiceScope) => Promise<StartedService>;
}): Promise<void> {
  const log = createLogger({ service: options.name, level: options.logLevel ?? 'info' });
  const metrics = new Metrics(options.name);
  const stops: (() => Promise<unknown> | unknown)[] = [];
  let stopping = false;
  const stop = async (reason: string, code = 0) => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'stopping');
    setTimeout(() => {
      log.error({}, 'stopping took too long');
      process.exit(1);
    }, stopLimitMs).unref();
    for (const each of stops.reverse()) {
      try {
        await each();
      } catch (err) {
        log.error({ err }, 'a part did not stop cleanly');
      }
    }
    process.exit(code);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('disconnect', () => void stop('the supervisor is gone'));
  process.on('unhandledRejection', (err) => {
    log.error({ err }, 'unhandled rejection');
    void stop('unhandled rejection', 1);
  });
  try {
    const service = await options.start({ log, metrics, onStop: (each) => stops.push(each) });
    const ops = await startOps({ ...service.ops, metrics, ready: service.ready });
    stops.unshift(() => ops.stop());
    const addresses = { ...service.announce, metrics: `${ops.url}/metrics` };
    process.send?.({ type: 'ready', name: options.name, pid: process.pid, ...addresses });
    log.info(addresses, 'ready');
  } catch (error) {
    const isConfig = error instanceof ConfigError;
    process.stderr.write(`${options.name}: ${isConfig ? error.message : ((error as Error).stack ?? error)}\n`);
    await stop('the start failed', isConfig ? configExit : 1);
  }
}
