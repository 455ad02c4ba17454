import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a step found: `say` stands in its line, `output` is printed when it failed. */
export interface Finding {
  readonly ok: boolean;
  readonly say: string;
  readonly output: string;
}

/** One check. */
export type Step = () => Promise<Finding>;

/** The repository's root. */
export const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  /** Both streams as they came. */
  readonly output: string;
}

/** Runs a command, in the root unless told, with this Node and the installed tools first on PATH; one that cannot start has code 127. */
export function run(command: string, parameters: readonly string[], cwd = root): Promise<Outcome> {
  const path = [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  // FORCE_COLOR and NODE_TEST_CONTEXT of whoever calls us would change what the tools print.
  const { FORCE_COLOR: _color, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return new Promise((resolve) => {
    const child = spawn(command, parameters, {
      cwd,
      env: { ...env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', (error) => resolve({ code: 127, stdout, output: `${command}: ${error.message}` }));
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, output }));
  });
}

/** A step that is one command. */
export function command(name: string, ...parameters: string[]): Step {
  return async () => {
    const { code, output } = await run(name, parameters);
    return { ok: code === 0, say: '', output: output === '' ? `${name} ended with ${code}` : output };
  };
}
