import {
  type Classifier,
  createLexicalClassifier,
  type KeyScope,
  policyVersion,
  withListedPrices,
} from '@refrain/judgement';
import {
  type Logger,
  type MeshConfig,
  type Metrics,
  requireKeysBeyondLoopback,
  watchMeshConfig,
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
    metrics: Pick<Metrics, 'counter'>;
    onStop: (stop: () => void) => void;
  },
): () => Settings {
  const { configFile, host, log } = options;
  const errors = options.metrics.counter('config_errors_total', 'Times that refrain.yaml could not be used.', []);
  let settings = toSettings(mesh);
  const onFault = (err: unknown) => {
    errors.inc();
    log.error({ err }, 'refrain.yaml cannot be used; the old one stays in force');
  };
  const onChange = (next: MeshConfig) => {
    try {
      requireKeysBeyondLoopback(host, next.keys);
    } catch (error) {
      return onFault(error);
    }
    settings = toSettings(next);
    log.info({}, 'refrain.yaml was read again');
  };
  options.onStop(watchMeshConfig(configFile, onChange, onFault));
  return () => settings;
}
