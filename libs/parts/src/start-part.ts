import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { guarded } from './guarded.ts';
import type { Launch } from './launch.ts';
import { systemEnv } from './system-env.ts';

/** Where a part keeps its data, listens and logs. */
export interface StartPartOptions {
  readonly launch: Launch;
  readonly folder: string;
  readonly port: number;
  /** Absent: its output is dropped. */
  readonly logFile?: string;
  /** This process' own where absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the wait for a part that is starting, and the part with it. */
  readonly signal?: AbortSignal;
}

/** A server that runs and answers. */
export interface RunningPart {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the process is gone, with how it went: "SIGKILL", "exit code 1". */
  readonly exited: Promise<string>;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

const startLimitMs = 30_000;
const stopLimitMs = 5_000;

/** Starts a server and waits until `isUp` says so. @throws Error when it ends or takes too long; the signal's reason. */
export async function startPart(
  options: StartPartOptions,
  part: { name: string; args: readonly string[]; url: string; isUp: () => Promise<boolean> },
): Promise<RunningPart> {
  options.signal?.throwIfAborted();
  await mkdir(options.folder, { recursive: true });
  const child = await spawnGuarded(options, part.args);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, killedBy) => resolve(killedBy ?? `exit code ${code}`));
  });
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  const signal = (name: NodeJS.Signals) => {
    child.kill(name);
  };
  const stop = async () => {
    signal('SIGTERM');
    // A frozen process takes no SIGTERM before it is woken.
    signal('SIGCONT');
    const force = setTimeout(() => signal('SIGKILL'), stopLimitMs);
    await exited;
    clearTimeout(force);
  };
  const end = Date.now() + startLimitMs;
  for (;;) {
    const outcome = await Promise.race([part.isUp(), exited, failed]);
    if (outcome instanceof Error) throw new Error(`${part.name} could not be started: ${outcome.message}`);
    // Asked after `isUp`: another server on the same port may have answered it.
    if (typeof outcome === 'string' || child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${part.name} ended while starting${hint(options)}`);
    if (options.signal?.aborted) {
      await stop();
      throw options.signal.reason;
    }
    if (outcome === true && child.pid !== undefined)
      return { url: part.url, port: options.port, pid: child.pid, exited, stop, signal };
    if (Date.now() > end) {
      await stop();
      throw new Error(`${part.name} did not answer within ${startLimitMs / 1000} s${hint(options)}`);
    }
    await delay(20);
  }
}

async function spawnGuarded(options: StartPartOptions, args: readonly string[]): Promise<ChildProcess> {
  const { command, prefix, env } = options.launch;
  const log = options.logFile === undefined ? undefined : await open(options.logFile, 'a');
  const [program, parameters] = guarded(command, [...prefix, ...args]);
  const output = log?.fd ?? 'ignore';
  // A process group of its own: Ctrl-C in the terminal reaches us, and we stop the parts in order.
  const child = spawn(program, parameters, {
    stdio: ['ignore', output, output],
    detached: true,
    env: { ...systemEnv(options.env ?? process.env), ...env },
  });
  await log?.close();
  return child;
}

function hint(options: StartPartOptions): string {
  return options.logFile === undefined ? '' : `; see ${options.logFile}`;
}
