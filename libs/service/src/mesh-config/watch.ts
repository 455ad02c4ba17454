import { unwatchFile, watchFile } from 'node:fs';
import { ConfigError } from '../config-error.ts';
import { loadMeshConfig } from './load.ts';
import type { MeshConfig } from './schema.ts';

/**
 * Reads the file again whenever it changes (also when an editor replaces it, which is why it is polled). A bad file is
 * reported to `onFault` and the old configuration stays in force. Gives the function that stops watching.
 */
export function watchMeshConfig(
  file: string,
  onChange: (config: MeshConfig) => void,
  onFault: (error: ConfigError) => void,
  intervalMs = 1000,
): () => void {
  const listener = (current: { mtimeMs: number; ino: number }, previous: { mtimeMs: number; ino: number }) => {
    if (current.mtimeMs === previous.mtimeMs && current.ino === previous.ino) return;
    try {
      onChange(loadMeshConfig(file));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      onFault(error);
    }
  };
  watchFile(file, { interval: intervalMs, persistent: false }, listener);
  return () => unwatchFile(file, listener);
}
