import { type Stats, statSync } from 'node:fs';
import { ConfigError } from '../config-error.ts';
import { loadMeshConfig } from './load.ts';
import type { MeshConfig } from './schema.ts';

/**
 * Reads the file again whenever it changes (also when an editor replaces it or Kubernetes swaps its link, which is why
 * it is polled). A bad file is reported to `onFault` and the old configuration stays in force; the next good one
 * counts again. Gives the function that stops watching.
 */
export function watchMeshConfig(
  file: string,
  onChange: (config: MeshConfig) => void,
  onFault: (error: ConfigError) => void,
  intervalMs = 1000,
): () => void {
  // Not fs.watchFile: it looks for the first time only later, and a change before that would never be seen.
  let seen = look(file);
  const timer = setInterval(() => {
    const current = look(file);
    if (isSame(current, seen)) return;
    seen = current;
    let config: MeshConfig;
    try {
      config = loadMeshConfig(file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      onFault(error);
      return;
    }
    onChange(config);
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

function look(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    // Reading it tells why.
    return undefined;
  }
}

function isSame(a: Stats | undefined, b: Stats | undefined): boolean {
  return a?.mtimeMs === b?.mtimeMs && a?.ino === b?.ino && a?.size === b?.size;
}
