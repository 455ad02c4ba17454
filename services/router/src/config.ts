import { ConfigError, readEnv, readMeshSecret, type Secret } from '@refrain/service';
import { redisUrl } from '@refrain/state';
import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

const schema = z
  .object({
    ROUTER_HOST: z.string().default('127.0.0.1'),
    ROUTER_GRPC_PORT: port(7460),
    ROUTER_HTTP_PORT: port(7461),
    ROUTER_OPS_PORT: port(7462),
    CACHE_ADDR: z.string().default('127.0.0.1:7470'),
    JOBS_ADDR: z.string().optional(),
    REFRAIN_MESH_SECRET: z.string().optional(),
    REFRAIN_MESH_SECRET_FILE: z.string().optional(),
    REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
    REDIS_HOST: z.string().optional(),
    REDIS_PORT: z.string().regex(/^\d+$/).optional(),
    NATS_URL: z.string().default('nats://127.0.0.1:7451'),
    REFRAIN_CONFIG: z.string().default('refrain.yaml'),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  })
  .transform((env) => ({
    host: env.ROUTER_HOST,
    grpcPort: env.ROUTER_GRPC_PORT,
    httpPort: env.ROUTER_HTTP_PORT,
    opsPort: env.ROUTER_OPS_PORT,
    cacheAddress: env.CACHE_ADDR,
    /** Absent: nothing is queued. */
    jobsAddress: env.JOBS_ADDR,
    redisUrl: redisUrl(env) ?? 'redis://127.0.0.1:7450',
    natsUrl: env.NATS_URL,
    configFile: env.REFRAIN_CONFIG,
    logLevel: env.LOG_LEVEL,
  }));

/** What the router is told by its environment. */
export type RouterConfig = Readonly<z.output<typeof schema> & { meshSecret: Secret | undefined }>;

/** @throws ConfigError with every fault */
export function loadConfig(env: NodeJS.ProcessEnv): RouterConfig {
  const config = readEnv(schema, env);
  const meshSecret = readMeshSecret(env);
  if (config.jobsAddress !== undefined && !meshSecret) {
    const message = 'is missing: without it the jobs service does not believe for whom a question is queued';
    throw new ConfigError('environment', [{ path: 'REFRAIN_MESH_SECRET', message }]);
  }
  return Object.freeze({ ...config, meshSecret });
}
