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
      timeout: options.timeoutMs ?? 300_000,
      ...(options.env && { env: options.env }),
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => reject(new Error(`${command}: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const tail = output.trim().split('\n').slice(-3).join(' | ').slice(-400);
      reject(new Error(`${command} ${args[0] ?? ''} ended with ${signal ?? code}: ${tail}`));
    });
  });
}
