import { readEnv } from '@refrain/service';
import { redisUrl } from '@refrain/state';
import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

const schema = z
  .object({
    CACHE_HOST: z.string().default('127.0.0.1'),
    CACHE_PORT: port(7470),
    CACHE_OPS_PORT: port(7471),
    REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
    REDIS_HOST: z.string().optional(),
    REDIS_PORT: z.string().regex(/^\d+$/).optional(),
    CACHE_REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
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
    chromaUrl: env.CHROMA_URL,
    configFile: env.REFRAIN_CONFIG,
    modelsFolder: env.REFRAIN_MODELS,
    logLevel: env.LOG_LEVEL,
  }));

/** What the cache service is told by its environment. */
export type CacheConfig = z.output<typeof schema>;

/** @throws ConfigError with every fault */
export function loadConfig(env: NodeJS.ProcessEnv): CacheConfig {
  return readEnv(schema, env);
}
