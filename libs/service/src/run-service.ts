/**
 * The frame of every service process: logger, start, ops server, stop in reverse order on a signal. Under a supervisor
 * (an IPC channel) it announces its addresses when it is up, and ends when the supervisor is gone.
 */
import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { readEnv } from './env.ts';
import { createLogger, type Logger } from './logger.ts';
import { createReloading, type Reload } from './mesh-config/reload.ts';
import { Metrics } from './metrics.ts';
import { type Readiness, startOps } from './ops.ts';

/** What a service is given to start with. */
export interface ServiceScope {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Takes what the files say anew; what it refuses is told on `/readyz` until it is mended. */
  readonly reload: Reload;
  /** Milliseconds that all stops have together; whoever lets work end must leave some to those that stop after it. */
  readonly stopMs: number;
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

/** All stops together; the supervisor waits a little longer before it kills. Where nothing is told, as long as Docker waits. */
const defaultStopSeconds = 10;
const stopSchema = z.object({ STOP_SECONDS: z.coerce.number().int().min(1).max(3600).default(defaultStopSeconds) });
/** EX_CONFIG of sysexits.h: starting again will not help. */
const configExit = 78;

/**
 * Runs a service until SIGTERM, SIGINT or the end of its supervisor. While it stops, `/readyz` says 503; it has `stopSeconds` for it (of
 * the environment's STOP_SECONDS; 10 where absent). Exits with 78
 * for a configuration that cannot be used, with 1 for any other failure of the start and for errors nobody caught.
 */
export async function runService(options: {
  name: string;
  logLevel?: string | undefined;
  stopSeconds?: string | undefined;
  start: (scope: ServiceScope) => Promise<StartedService>;
}): Promise<void> {
  const stops: (() => Promise<unknown> | unknown)[] = [];
  try {
    const metrics = new Metrics(options.name);
    const log = openLog(options.name, options.logLevel, metrics);
    const stopMs = readEnv(stopSchema, { STOP_SECONDS: options.stopSeconds }).STOP_SECONDS * 1000;
    const state = stopOnSignals(log, stops, stopMs);
    const reloading = createReloading({ log, metrics });
    const { reload } = reloading;
    const service = await options.start({ log, metrics, reload, stopMs, onStop: (each) => stops.push(each) });
    const ready = (): Readiness => {
      const { ok, parts } = service.ready();
      if (state.stopping) return { ok: false, parts: { ...parts, process: 'stopping' } };
      const { fault } = reloading;
      return fault === ''
        ? { ok, parts }
        : { ok, parts: { ...parts, config: `down: the old one is in force, ${fault}` } };
    };
    const ops = await startOps({ ...service.ops, metrics, ready, log });
    stops.unshift(() => ops.stop());
    const addresses = { ...service.announce, metrics: `${ops.url}/metrics` };
    log.info(addresses, 'ready');
    // A supervisor that left in between is noticed by 'disconnect'; the message itself may then fail.
    process.send?.({ type: 'ready', name: options.name, pid: process.pid, ...addresses }, undefined, {}, () => {});
  } catch (error) {
    await giveUp(options.name, error, stops);
  }
}

function openLog(service: string, level: string | undefined, metrics: Metrics): Logger {
  const failures = metrics.counter(
    'log_failures_total',
    'Times that standard output did not take the log (a full disk); up to 1 MiB of it waits until it does.',
  );
  return createLogger({ service, level: level ?? 'info', failed: () => failures.inc() });
}

function stopOnSignals(
  log: Logger,
  stops: (() => Promise<unknown> | unknown)[],
  stopMs: number,
): { stopping: boolean } {
  const state = { stopping: false };
  const stop = async (reason: string, code = 0) => {
    if (state.stopping) return;
    state.stopping = true;
    log.info({ reason }, 'stopping');
    setTimeout(() => {
      log.error({ limitMs: stopMs }, 'stopping took too long');
      process.exit(1);
    }, stopMs);
    await stopAll(stops, (err) => log.error({ err }, 'a part did not stop cleanly'));
    process.exit(code);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('disconnect', () => void stop('the supervisor is gone'));
  const uncaught = (what: string) => (err: unknown) => {
    log.error({ err }, what);
    void stop(what, 1);
  };
  process.on('unhandledRejection', uncaught('unhandled rejection'));
  process.on('uncaughtException', uncaught('uncaught exception'));
  return state;
}

async function giveUp(name: string, error: unknown, stops: (() => Promise<unknown> | unknown)[]): Promise<never> {
  const isConfig = error instanceof ConfigError;
  const text = isConfig ? error.message : `could not start: ${error instanceof Error ? error.message : String(error)}`;
  for (const line of text.split('\n')) process.stderr.write(`${name}: ${line}\n`);
  const detail = !isConfig && error instanceof Error ? (error.stack ?? '').split('\n').slice(1).join('\n') : '';
  if (detail !== '') process.stderr.write(`${detail}\n`);
  const code = isConfig ? configExit : 1;
  setTimeout(() => process.exit(code), defaultStopSeconds * 1000);
  await stopAll(stops, (failure) => process.stderr.write(`${name}: ${String(failure)}\n`));
  process.exit(code);
}

/** Takes each stop off the list, so that a signal during a failing start runs none twice. */
async function stopAll(stops: (() => Promise<unknown> | unknown)[], onFault: (error: unknown) => void): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) {
    try {
      await stop();
    } catch (error) {
      onFault(error);
    }
  }
}
