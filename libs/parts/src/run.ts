import { spawn } from 'node:child_process';
import { guarded } from './guarded.ts';

/** How a command is run. */
export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** 5 minutes where absent. */
  readonly timeoutMs?: number;
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a command and gives what it printed.
 * @throws Error with its last lines when it fails, is missing or takes too long; the signal's reason when that ended it.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { signal, env, cwd } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const [program, parameters] = guarded(command, args);
    const child = spawn(program, parameters, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(env && { env }),
      ...(cwd !== undefined && { cwd }),
    });
    const end = () => child.kill();
    // Not spawn's own `timeout`: its timer outlives a command that is not there and holds the process.
    const timer = setTimeout(end, options.timeoutMs ?? 300_000);
    signal?.addEventListener('abort', end);
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      outcome();
    };
    child.once('error', (error) => settle(() => reject(new Error(`${command}: ${error.message}`))));
    child.once('close', (code, killedBy) =>
      settle(() => {
        if (code === 0) return resolve(output);
        if (signal?.aborted) return reject(signal.reason);
        const tail = output.trim().split('\n').slice(-3).join(' | ').slice(-400);
        reject(new Error(`${command} ${args[0] ?? ''} ended with ${killedBy ?? code}: ${tail}`));
      }),
    );
  });
}
