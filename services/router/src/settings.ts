import {
  type Classifier,
  createLexicalClassifier,
  type KeyScope,
  policyVersion,
  withListedPrices,
} from '@refrain/judgement';
import {
  followMeshConfig,
  type Logger,
  type MeshConfig,
  type Reload,
  requireKeysBeyondLoopback,
} from '@refrain/service';
import type { Caller } from './caller.ts';

/** `refrain.yaml` with what the router derives from it; made anew at every reload. */
export interface Settings {
  readonly mesh: MeshConfig;
  readonly classifier: Classifier;
  /** Callers by the SHA-256 (hex) of their key. */
  readonly callers: ReadonlyMap<string, Caller>;
  /** What keys are made for. */
  scope(tenant: string): KeyScope;
}

/** Derives it. */
export function toSettings(mesh: MeshConfig): Settings {
  const policy = policyVersion(mesh.cache);
  return {
    mesh: { ...mesh, providers: withListedPrices(mesh.providers) },
    classifier: createLexicalClassifier(mesh.classifier),
    callers: new Map(
      mesh.keys.map(({ hash, tenant, user, tier }) => [hash.slice('sha256:'.length), { tenant, user, tier }]),
    ),
    scope: (tenant) => ({ tenant, policy, defaultMaxTokens: mesh.limits.maxTokens }),
  };
}

/** Keeps the settings as the file says; a file that cannot be used leaves the old ones in force. Gives the reader of the current ones. */
export function followSettings(
  mesh: MeshConfig,
  options: {
    configFile: string;
    host: string;
    log: Logger;
    reload: Reload;
    onStop: (stop: () => void) => void;
  },
): () => Settings {
  const { configFile, host, log, reload, onStop } = options;
  let settings = toSettings(mesh);
  const use = (next: MeshConfig) => {
    requireKeysBeyondLoopback(host, next.keys);
    settings = toSettings(next);
    log.info({}, 'refrain.yaml was read again');
  };
  onStop(followMeshConfig(configFile, use, reload));
  return () => settings;
}
