import { type Stats, unwatchFile, watchFile } from 'node:fs';
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
  const listener = (current: Stats, previous: Stats) => {
    const same = current.mtimeMs === previous.mtimeMs && current.ino === previous.ino && current.size === previous.size;
    if (same) return;
    let config: MeshConfig;
    try {
      config = loadMeshConfig(file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      onFault(error);
      return;
    }
    onChange(config);
  };
  watchFile(file, { interval: intervalMs, persistent: false }, listener);
  return () => unwatchFile(file, listener);
}
