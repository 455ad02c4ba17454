import { ConfigError, readEnv, readMeshSecret, type Secret } from '@refrain/service';
import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const milliseconds = (fallback: number) => z.coerce.number().int().min(1).max(3_600_000).default(fallback);

const schema = z
  .object({
    JOBS_HOST: z.string().default('127.0.0.1'),
    JOBS_PORT: port(7485),
    JOBS_OPS_PORT: port(7486),
    ROUTER_ADDR: z.string().default('127.0.0.1:7460'),
    REFRAIN_MESH_SECRET: z.string().optional(),
    REFRAIN_MESH_SECRET_FILE: z.string().optional(),
    NATS_URL: z.string().default('nats://127.0.0.1:7451'),
    REFRAIN_CONFIG: z.string().default('refrain.yaml'),
    JOBS_AT_ONCE: z.coerce.number().int().min(1).max(100).default(4),
    JOBS_RETRY_BASE_MS: milliseconds(60_000),
    JOBS_LONGEST_WAIT_MS: milliseconds(60_000),
    // Below a second a busy machine would be taken for a dead one.
    JOBS_LEASE_MS: z.coerce.number().int().min(1000).max(3_600_000).default(30_000),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  })
  .transform((env) => ({
    host: env.JOBS_HOST,
    port: env.JOBS_PORT,
    opsPort: env.JOBS_OPS_PORT,
    routerAddress: env.ROUTER_ADDR,
    natsUrl: env.NATS_URL,
    configFile: env.REFRAIN_CONFIG,
    /** Jobs this process works on at once. */
    atOnce: env.JOBS_AT_ONCE,
    /** Before the first retry at most; eight times as long before the second. */
    retryBaseMs: env.JOBS_RETRY_BASE_MS,
    /** Between two looks whether somebody can answer a job by now. */
    longestWaitMs: env.JOBS_LONGEST_WAIT_MS,
    /** So long after a worker was last heard of its job is given to another. */
    leaseMs: env.JOBS_LEASE_MS,
    logLevel: env.LOG_LEVEL,
  }));

/** What the jobs service is told by its environment. */
export type JobsConfig = Readonly<z.output<typeof schema> & { meshSecret: Secret | undefined }>;

/** @throws ConfigError with every fault */
export function loadConfig(env: NodeJS.ProcessEnv): JobsConfig {
  return Object.freeze({ ...readEnv(schema, env), meshSecret: readMeshSecret(env) });
}

/** The mesh's secret. @throws ConfigError where there is none: the router would not believe for whom it is asked */
export function requireMeshSecret({ meshSecret }: JobsConfig): Secret {
  if (meshSecret) return meshSecret;
  throw new ConfigError('environment', [{ path: 'REFRAIN_MESH_SECRET', message: 'is missing' }]);
}
