import { type Stats, statSync } from 'node:fs';
import { loadMeshConfig } from './load.ts';
import type { Reload } from './reload.ts';
import type { MeshConfig } from './schema.ts';

/**
 * Reads the file again whenever it changes (also when an editor replaces it or Kubernetes swaps its link, which is why
 * it is polled), by `reload`: one that cannot be read, or that `use` refuses by a ConfigError, leaves the old configuration in force; the
 * next good one counts again. Gives the function that stops watching.
 */
export function followMeshConfig(
  file: string,
  use: (config: MeshConfig) => void,
  reload: Reload,
  intervalMs = 1000,
): () => void {
  // Not fs.watchFile: it looks for the first time only later, and a change before that would never be seen.
  let seen = look(file);
  const timer = setInterval(() => {
    const current = look(file);
    if (isSame(current, seen)) return;
    seen = current;
    reload(() => use(loadMeshConfig(file)));
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
