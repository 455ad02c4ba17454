import { spawn } from 'node:child_process';

/** Runs a command and gives what it printed. @throws Error with its last lines when it fails, is missing or takes too long. */
export function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.env && { env: options.env }),
    });
    // Not spawn's own `timeout`: its timer outlives a command that is not there and holds the process.
    const timer = setTimeout(() => child.kill(), options.timeoutMs ?? 300_000);
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${command}: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(output);
      const tail = output.trim().split('\n').slice(-3).join(' | ').slice(-400);
      reject(new Error(`${command} ${args[0] ?? ''} ended with ${signal ?? code}: ${tail}`));
    });
  });
}
