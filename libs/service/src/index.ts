export { ConfigError, type ConfigFault } from './config-error.ts';
export { readEnv } from './env.ts';
export {
  type Caller,
  type Credentials,
  identify,
  type KnownCallers,
  knownCallers,
  readApiKey,
  type Vouched,
} from './identity.ts';
export { createLogger, type Logger } from './logger.ts';
export { isLoopback, requireKeysBeyondLoopback } from './loopback.ts';
export { followMeshConfig } from './mesh-config/follow.ts';
export { loadMeshConfig, parseMeshConfig } from './mesh-config/load.ts';
export { createReloading, type Reload } from './mesh-config/reload.ts';
export {
  callerKeySchema,
  type KeyLimits,
  type MeshConfig,
  type ModelConfig,
  type ProviderConfig,
  type Tier,
} from './mesh-config/schema.ts';
export {
  isOperator,
  meshMetadata,
  operatorMetadata,
  readMeshSecret,
  readVouched,
} from './mesh-secret.ts';
export { type Counter, type Gauge, type Histogram, Metrics } from './metrics.ts';
export { type Ops, type Readiness, startOps } from './ops.ts';
export { keyFile, keyId, readProviderKeys } from './provider-keys.ts';
export { runService, type ServiceScope, type StartedService } from './run-service.ts';
export { Secret } from './secret.ts';
