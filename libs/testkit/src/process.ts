import { fork } from 'node:child_process';
import { join } from 'node:path';

/** What a service announces when it is up. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly grpc?: string;
  readonly http?: string;
  readonly metrics?: string;
}

/** A service that runs as a process of its own. */
export interface ServiceProcess {
  readonly ready: ReadyMessage;
  readonly pid: number;
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
  /** All it has printed so far. */
  output(): string;
}

const root = join(import.meta.dirname, '../../..');

/** Starts a program of this repository (path from its root) and waits for its ready message. @throws Error with its output. */
export async function startProcess(options: {
  entry: string;
  env: Readonly<Record<string, string>>;
  timeoutMs?: number;
}): Promise<ServiceProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const child = fork(join(root, options.entry), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH, HOME, ...options.env },
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk).slice(-200_000);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const ready = new Promise<ReadyMessage>((resolve) => {
    child.on('message', (message: ReadyMessage) => {
      if (message.type === 'ready') resolve(message);
    });
  });
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), options.timeoutMs ?? 60_000).unref());
  const outcome = await Promise.race([ready, exited.then(() => 'exited' as const), late]);
  if (typeof outcome === 'string' || child.pid === undefined) {
    child.kill('SIGKILL');
    throw new Error(`${options.entry} did not start (${outcome}):\n${output}`);
  }
  return {
    ready: outcome,
    pid: child.pid,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    output: () => output,
  };
}
