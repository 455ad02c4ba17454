/** Follows refrain.yaml and the files with keys: whoever changes one of them need not start anything anew. */
import { statSync } from 'node:fs';
import { followMeshConfig, type MeshConfig, type Reload } from '@refrain/service';
import { chooseProviders, type ProviderServiceConfig, stemsOf } from './config.ts';
import type { ProviderService } from './service.ts';

const lookEveryMs = 1000;

/** Updates the service by `reload` whenever what it was built from changes. Gives the function that stops. */
export function followFiles(
  service: Pick<ProviderService, 'update'>,
  config: ProviderServiceConfig,
  mesh: MeshConfig,
  reload: Reload,
): () => void {
  let current = mesh;
  let seen = look(config, current);
  const use = (next: MeshConfig) => {
    try {
      service.update(next, chooseProviders(config.providers, next));
      current = next;
    } finally {
      // One that was refused is not tried again before it changes.
      seen = look(config, current);
    }
  };
  const stopMesh = followMeshConfig(config.meshFile, use, reload, lookEveryMs);
  const timer = setInterval(() => {
    if (look(config, current) !== seen) reload(() => use(current), 'keys');
  }, lookEveryMs);
  timer.unref();
  return () => {
    stopMesh();
    clearInterval(timer);
  };
}

/** What the files with keys look like; polled, because Kubernetes swaps the links that lead to them. */
function look(config: ProviderServiceConfig, mesh: MeshConfig): string {
  const files = stemsOf(mesh).flatMap((stem) => config.keyFileOf(stem) ?? []);
  return files.map((file) => `${file} ${stateOf(file)}`).join('\n');
}

function stateOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats ? `${stats.mtimeMs} ${stats.ino} ${stats.size}` : 'none';
}
