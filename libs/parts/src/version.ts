import { type RunOptions, run } from './run.ts';

/** Whether a dotted version is at least another. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [a, b] = [version, minimum].map((text) => text.split('.').map(Number));
  for (let i = 0; i < (b?.length ?? 0); i += 1) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The version a binary states. @throws Error saying why it cannot be used. */
export async function probeVersion(command: string, options: RunOptions = {}): Promise<string> {
  const output = await run(command, ['--version'], { timeoutMs: 20_000, ...options });
  const version = /(\d+\.\d+\.\d+)/.exec(output)?.[1];
  if (!version) throw new Error(`${command} states no version`);
  return version;
}
