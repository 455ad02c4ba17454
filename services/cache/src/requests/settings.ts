import { hash } from 'node:crypto';
import {
  confidenceFor,
  createThresholdVerifier,
  createVerifier,
  type KeyScope,
  policyVersion,
  sameAnswerProbability,
  type Template,
  type Verifier,
} from '@refrain/judgement';
import type { MeshConfig } from '@refrain/service';

/** The cache's part of `refrain.yaml`, with what follows from it. */
export interface Settings {
  readonly cache: MeshConfig['cache'];
  readonly templates: MeshConfig['templates'];
  readonly verifier: Verifier;
  /** The least confidence the verifier serves at, before anything is learned. */
  readonly shippedConfidence: number;
  scope(tenant: string): KeyScope;
  /** The hash of a template's definition, by the template's name; undefined for one that is not in the file, or not served always. */
  templateVersion(name: string): string | undefined;
  /** Whether a filled template that was kept under this version may still be served. */
  isCurrent(templateVersion: string): boolean;
}

/** Derived anew at every reload. */
export function toSettings(config: MeshConfig): Settings {
  const policy = policyVersion(config.cache);
  const always = config.templates.filter(({ serve }) => serve === 'always');
  const versions = new Map(always.map((template) => [template.name, versionOf(template)]));
  const current = new Set(versions.values());
  return {
    cache: config.cache,
    templates: config.templates,
    verifier: toVerifier(config.cache.semantic),
    shippedConfidence: toShippedConfidence(config.cache.semantic),
    scope: (tenant) => ({ tenant, policy, defaultMaxTokens: config.limits.maxTokens }),
    templateVersion: (name) => versions.get(name),
    isCurrent: (templateVersion) => current.has(templateVersion),
  };
}

function toVerifier({ mode, maxWrongHitRate, threshold }: MeshConfig['cache']['semantic']): Verifier {
  return mode === 'threshold' ? createThresholdVerifier(threshold) : createVerifier({ maxWrongHitRate });
}

function toShippedConfidence({ mode, maxWrongHitRate, threshold }: MeshConfig['cache']['semantic']): number {
  return mode === 'threshold' ? sameAnswerProbability(threshold) : confidenceFor(maxWrongHitRate);
}

function versionOf({ name, pattern, answer }: Template): string {
  return hash('sha256', JSON.stringify([name, pattern, answer]), 'hex').slice(0, 16);
}
