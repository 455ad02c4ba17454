import { resolve } from 'node:path';
import { readEnv } from '@refrain/service';
import { z } from 'zod';
import { createHome, type Home } from './home.ts';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const httpUrl = z.url({ protocol: /^https?$/ });

const schema = z.object({
  REFRAIN_HOME: z.string().default('.refrain'),
  REFRAIN_PARTS: z.string().optional(),
  REFRAIN_MODELS: z.string().optional(),
  REFRAIN_CONFIG: z.string().default('refrain.yaml'),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  REDIS_HOST: z.string().optional(),
  REDIS_PORT: z.string().regex(/^\d+$/, 'is not a port').optional(),
  NATS_URL: z.string().optional(),
  CHROMA_URL: httpUrl.optional(),
  OLLAMA_URL: httpUrl.default('http://127.0.0.1:11434'),
  REFRAIN_REDIS_PORT: port(7450),
  REFRAIN_NATS_PORT: port(7451),
  REFRAIN_CHROMA_PORT: port(7452),
  ROUTER_GRPC_PORT: port(7460),
  ROUTER_HTTP_PORT: port(7461),
  ROUTER_OPS_PORT: port(7462),
  CACHE_PORT: port(7470),
  CACHE_OPS_PORT: port(7471),
  JOBS_PORT: port(7485),
  JOBS_OPS_PORT: port(7486),
  PROVIDER_OPS_PORT: port(7480),
  PROVIDER_LLAMA_OPS_PORT: port(7481),
});

/** A server the mesh stands on. */
export type PartName = 'redis' | 'nats' | 'chroma';

/** What the start is told by its environment. */
export interface Settings {
  readonly home: Home;
  readonly configFile: string;
  /** Servers of the user's own: those are not started. */
  readonly urls: Readonly<Partial<Record<PartName, string>>>;
  /** Preferred ports of the servers; 0 takes a free one. */
  readonly partPorts: Readonly<Record<PartName, number>>;
  /** Preferred ports of the services, by their variable. */
  readonly ports: Readonly<
    Record<
      | 'ROUTER_GRPC_PORT'
      | 'ROUTER_HTTP_PORT'
      | 'ROUTER_OPS_PORT'
      | 'CACHE_PORT'
      | 'CACHE_OPS_PORT'
      | 'JOBS_PORT'
      | 'JOBS_OPS_PORT'
      | 'PROVIDER_OPS_PORT'
      | 'PROVIDER_LLAMA_OPS_PORT',
      number
    >
  >;
  readonly ollamaUrl: string;
}

/** Reads the environment; paths count from the working folder. @throws ConfigError with every fault. */
export function loadSettings(env: NodeJS.ProcessEnv): Settings {
  const read = readEnv(schema, env);
  const optionalPath = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
  const redis = read.REDIS_URL ?? redisAddress(read.REDIS_HOST, read.REDIS_PORT);
  return {
    home: createHome(resolve(read.REFRAIN_HOME), {
      parts: optionalPath(read.REFRAIN_PARTS),
      models: optionalPath(read.REFRAIN_MODELS),
    }),
    configFile: resolve(read.REFRAIN_CONFIG),
    urls: {
      ...(redis && { redis }),
      ...(read.NATS_URL && { nats: read.NATS_URL }),
      ...(read.CHROMA_URL && { chroma: read.CHROMA_URL }),
    },
    partPorts: { redis: read.REFRAIN_REDIS_PORT, nats: read.REFRAIN_NATS_PORT, chroma: read.REFRAIN_CHROMA_PORT },
    ports: read,
    ollamaUrl: read.OLLAMA_URL,
  };
}

function redisAddress(host: string | undefined, port: string | undefined): string | undefined {
  if (host === undefined && port === undefined) return undefined;
  return `redis://${host ?? '127.0.0.1'}:${port ?? '6379'}`;
}
