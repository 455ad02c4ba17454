import { fork } from 'node:child_process';
import { join } from 'node:path';
import { guarded } from '@refrain/parts';

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
  /** SIGTERM; gives the exit code. One that does not end within 15 s is killed, and its code is null. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
  /** SIGSTOP: its connections stay open and it does nothing. */
  freeze(): void;
  thaw(): void;
  /** All it has printed so far. */
  output(): string;
}

const root = join(import.meta.dirname, '../../..');
const keptOutput = 200_000;
/** A service stops within 10 s by itself. */
const stopLimitMs = 15_000;

/**
 * Starts a program of this repository (path from its root) and waits for its ready message. It sees PATH, HOME and `env`, and ends with the test, however
 * that ends. @throws Error with its output.
 */
export async function startProcess(options: {
  entry: string;
  env: Readonly<Record<string, string>>;
  timeoutMs?: number;
}): Promise<ServiceProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const [execPath, execArgv] = guarded(process.execPath, []);
  const child = fork(join(root, options.entry), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH, HOME, ...options.env },
    execPath,
    execArgv,
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk).slice(-keptOutput);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const ready = new Promise<ReadyMessage>((resolve) => {
    child.on('message', (message: ReadyMessage) => {
      if (message.type === 'ready') resolve(message);
    });
  });
  const { promise: late, resolve: giveUp } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => giveUp('late'), options.timeoutMs ?? 60_000);
  const outcome = await Promise.race([ready, exited.then((code) => `exit code ${code}`), late]);
  clearTimeout(timer);
  if (typeof outcome === 'string' || child.pid === undefined) {
    child.kill('SIGKILL');
    throw new Error(`${options.entry} did not start (${outcome}):\n${output}`);
  }
  return {
    ready: outcome,
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      // A frozen process takes no SIGTERM before it is woken.
      child.kill('SIGCONT');
      const force = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
      const code = await exited;
      clearTimeout(force);
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    output: () => output,
  };
}
