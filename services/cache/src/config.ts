import { readFileSync } from 'node:fs';
import { ConfigError, isLoopback, readEnv, readMeshSecret, Secret } from '@refrain/service';
import { redisUrl } from '@refrain/state';
import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

/** Short ones can be tried out. */
const tenantSecret = z
  .string()
  .min(16, 'must have 16 characters at least')
  .transform((value) => new Secret(value));

const schema = z
  .object({
    CACHE_HOST: z.string().default('127.0.0.1'),
    CACHE_PORT: port(7470),
    CACHE_OPS_PORT: port(7471),
    REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
    REDIS_HOST: z.string().optional(),
    REDIS_PORT: z.string().regex(/^\d+$/).optional(),
    CACHE_REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
    CACHE_TENANT_SECRET: tenantSecret.optional(),
    CACHE_TENANT_SECRET_FILE: z.string().optional(),
    CHROMA_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:7452'),
    REFRAIN_CONFIG: z.string().default('refrain.yaml'),
    REFRAIN_MODELS: z.string().default('.refrain/models'),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  })
  .transform((env) => ({
    host: env.CACHE_HOST,
    port: env.CACHE_PORT,
    opsPort: env.CACHE_OPS_PORT,
    redisUrl: env.CACHE_REDIS_URL ?? redisUrl(env) ?? 'redis://127.0.0.1:7450',
    tenantSecret: env.CACHE_TENANT_SECRET,
    tenantSecretFile: env.CACHE_TENANT_SECRET_FILE,
    chromaUrl: env.CHROMA_URL,
    configFile: env.REFRAIN_CONFIG,
    modelsFolder: env.REFRAIN_MODELS,
    logLevel: env.LOG_LEVEL,
  }));

/** What the cache service is told by its environment. */
export interface CacheConfig extends Omit<z.output<typeof schema>, 'tenantSecretFile'> {
  /** What callers have to know where the cache listens beyond loopback. */
  readonly meshSecret: Secret | undefined;
}

/** @throws ConfigError with every fault */
export function loadConfig(env: NodeJS.ProcessEnv): CacheConfig {
  const { tenantSecretFile, ...read } = readEnv(schema, env);
  const config = { ...read, meshSecret: readMeshSecret(env) };
  if (!isLoopback(config.host) && !config.meshSecret) {
    const message = `is missing: a cache that listens on ${config.host} asks its callers for it; set it here and at the routers, or listen on 127.0.0.1`;
    throw new ConfigError('environment', [{ path: 'REFRAIN_MESH_SECRET', message }]);
  }
  if (config.tenantSecret || tenantSecretFile === undefined) return Object.freeze(config);
  return Object.freeze({ ...config, tenantSecret: readSecret(tenantSecretFile) });
}

function readSecret(file: string): Secret {
  const fault = (message: string) =>
    new ConfigError('environment', [{ path: 'CACHE_TENANT_SECRET_FILE', message: `names a file that ${message}` }]);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    throw fault('cannot be read');
  }
  const result = tenantSecret.safeParse(text);
  if (!result.success) throw fault(result.error.issues.map(({ message }) => message).join(', '));
  return result.data;
}
