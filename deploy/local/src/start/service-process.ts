import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { guarded } from '@refrain/parts';
import type { Running } from './kept-process.ts';
import { lastWords, sizeOf } from './log-file.ts';
import { ProcessEnded } from './process-ended.ts';

/** What a service says when it is up (libs/service, run-service.ts). */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly metrics: string;
  readonly grpc?: string;
  readonly http?: string;
}

/** A service that runs. */
export interface RunningService extends Running {
  readonly ready: ReadyMessage;
}

/** A program of this repository that runs as a service. */
export interface ServiceProgram {
  readonly name: string;
  /** Absolute path. */
  readonly entry: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

const startLimitMs = 120_000;
/** A service stops by itself, within STOP_SECONDS of its environment. */
const defaultStopSeconds = 10;
const patienceMs = 2000;
/** EX_CONFIG: the service's configuration cannot be used. */
const configExit = 78;

/**
 * Starts a service and waits until it says that it is up. It ends with this process: its channel closes, and the kernel tells it too.
 * @throws ProcessEnded when it ends first or takes too long; the signal's reason when that gave the start up.
 */
export async function startService(program: ServiceProgram, signal: AbortSignal): Promise<RunningService> {
  signal.throwIfAborted();
  const { name, logFile } = program;
  const logStart = sizeOf(logFile);
  const log = openSync(logFile, 'a');
  const [execPath, execArgv] = guarded(process.execPath, []);
  // A session of its own: Ctrl-C in the terminal reaches us, and we stop the services in order.
  const child = fork(program.entry, {
    detached: true,
    env: program.env,
    execPath,
    execArgv,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const exited = new Promise<ProcessEnded>((resolve) => {
    const end = (how: string, isFinal: boolean) =>
      resolve(new ProcessEnded(name, how, { words: lastWords(logFile, logStart), isFinal }));
    child.once('error', (error) => end(error.message, false));
    child.once('exit', (code, killedBy) => end(killedBy ?? `exit code ${code}`, code === configExit));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    // A frozen process takes no SIGTERM before it is woken.
    child.kill('SIGCONT');
    const stopSeconds = Number(program.env.STOP_SECONDS || defaultStopSeconds);
    const force = setTimeout(() => child.kill('SIGKILL'), stopSeconds * 1000 + patienceMs);
    await exited;
    clearTimeout(force);
  };
  const ready = new Promise<ReadyMessage>((resolve) => {
    child.on('message', (message: ReadyMessage) => message.type === 'ready' && resolve(message));
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(startLimitMs)]);
  const givenUp = new Promise<undefined>((resolve) => {
    limit.addEventListener('abort', () => resolve(undefined));
  });
  const outcome = await Promise.race([ready, exited, givenUp]);
  if (outcome === undefined) {
    await stop();
    signal.throwIfAborted();
    const words = lastWords(logFile, logStart);
    throw new ProcessEnded(name, `was not up within ${startLimitMs / 1000} s`, { words, isFinal: false });
  }
  if (outcome instanceof ProcessEnded || child.pid === undefined) throw outcome;
  return { pid: child.pid, ready: outcome, exited, stop, kill: () => void child.kill('SIGKILL') };
}
