import { createThresholdVerifier, type KeyScope, policyVersion, type Verifier } from '@refrain/judgement';
import type { MeshConfig } from '@refrain/service';

/** The cache's part of `refrain.yaml`, with what follows from it. */
export interface Settings {
  readonly cache: MeshConfig['cache'];
  readonly templates: MeshConfig['templates'];
  readonly verifier: Verifier;
  scope(tenant: string): KeyScope;
}

/** Derived anew at every reload. */
export function toSettings(config: MeshConfig): Settings {
  const policy = policyVersion(config.cache);
  return {
    cache: config.cache,
    templates: config.templates,
    verifier: createThresholdVerifier(config.cache.semantic.threshold),
    scope: (tenant) => ({ tenant, policy, defaultMaxTokens: config.limits.maxTokens }),
  };
}
