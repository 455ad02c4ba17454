import { isSubjectToken } from '@refrain/contracts';
import { ConfigError, keyFile, type MeshConfig, readEnv, readProviderKeys, type Secret } from '@refrain/service';
import { redisUrl } from '@refrain/state';
import { z } from 'zod';
import type { KeySettings } from './keys/provider-keys.ts';
import { parseDuration } from './upstream/retry-after.ts';

const port = z.coerce.number().int().min(0).max(65_535);

/** Milliseconds, or with a unit: 300000, 300s, 5m. 0: never. */
const duration = z.string().transform((text, context) => {
  const ms = /^\d+$/.test(text) ? Number(text) : parseDuration(text);
  if (ms !== undefined && (ms === 0 || ms >= 1000) && ms <= 86_400_000) return ms;
  context.addIssue({
    code: 'custom',
    message: 'write 0, or a time from 1s to 1d such as 5m; without a unit it is milliseconds',
  });
  return z.NEVER;
});

const environment = z.object({
  PROVIDER_HOST: z.string().default('127.0.0.1'),
  PROVIDER_OPS_PORT: port.default(7480),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  REDIS_HOST: z.string().optional(),
  REDIS_PORT: z.string().regex(/^\d+$/).optional(),
  NATS_URL: z.string().default('nats://127.0.0.1:7451'),
  REFRAIN_CONFIG: z.string().default('refrain.yaml'),
  /** Names of refrain.yaml by commas; `remote`: all but the llama ones; `llama`: those alone; `all`. */
  REFRAIN_PROVIDERS: z.string().default('all'),
  REFRAIN_MODELS: z.string().default('.refrain/models'),
  OLLAMA_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Keys of pools of this region come first. */
  REFRAIN_REGION: z.string().optional(),
  RATE_LIMIT_ALERT_THRESHOLD: z.coerce.number().gt(0).max(1).default(0.8),
  API_KEY_HEALTH_CHECK_INTERVAL: duration.prefault('5m'),
});

/** The provider service's environment. */
export interface ProviderServiceConfig {
  readonly host: string;
  readonly opsPort: number;
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly meshFile: string;
  readonly providers: string;
  readonly modelsFolder: string;
  readonly ollamaUrl: string | undefined;
  readonly keySettings: KeySettings;
  /** The keys under a stem of refrain.yaml, read anew each time. Throws ConfigError. */
  readonly keysOf: (stem: string) => Secret[];
  /** The file with keys of a stem, where one is named. */
  readonly keyFileOf: (stem: string) => string | undefined;
}

/** Reads the environment. Throws ConfigError with every fault. */
export function loadConfig(env: NodeJS.ProcessEnv): ProviderServiceConfig {
  const read = readEnv(environment, env);
  return Object.freeze({
    host: read.PROVIDER_HOST,
    opsPort: read.PROVIDER_OPS_PORT,
    natsUrl: read.NATS_URL,
    redisUrl: redisUrl(read) ?? 'redis://127.0.0.1:7450',
    meshFile: read.REFRAIN_CONFIG,
    providers: read.REFRAIN_PROVIDERS,
    modelsFolder: read.REFRAIN_MODELS,
    ollamaUrl: read.OLLAMA_URL,
    keySettings: {
      region: read.REFRAIN_REGION,
      alertThreshold: read.RATE_LIMIT_ALERT_THRESHOLD,
      checkEveryMs: read.API_KEY_HEALTH_CHECK_INTERVAL,
    },
    keysOf: (stem: string) => readProviderKeys(stem, env),
    keyFileOf: (stem: string) => keyFile(stem, env),
  });
}

/** The stems of all keys that a mesh's providers may have. */
export function stemsOf(mesh: MeshConfig): string[] {
  const providers = Object.values(mesh.providers);
  return providers
    .flatMap(({ keys, pools }) => [keys, ...Object.values(pools).map((pool) => pool.keys)])
    .filter((stem) => stem !== undefined);
}

/** Which of refrain.yaml's providers this process serves. Throws ConfigError for a name that is not there. */
export function chooseProviders(choice: string, mesh: MeshConfig): string[] {
  const all = Object.keys(mesh.providers);
  const isLlama = (name: string) => mesh.providers[name]?.adapter === 'llama';
  if (choice === 'all') return all;
  if (choice === 'remote') return all.filter((name) => !isLlama(name));
  if (choice === 'llama') return all.filter(isLlama);
  const names = choice
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const faults = names
    .filter((name) => !isSubjectToken(name) || !all.includes(name))
    .map((name) => ({ path: 'REFRAIN_PROVIDERS', message: `${name} is not a provider of refrain.yaml` }));
  if (faults.length > 0) throw new ConfigError('environment', faults);
  return names;
}
