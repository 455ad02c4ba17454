/** Which services a mesh is made of, and what each is told. */
import { join } from 'node:path';
import { keyFile, type MeshConfig, type ProviderConfig, readProviderKeys } from '@refrain/service';
import { root } from '../check/step.ts';
import { withoutKeys } from './provider-keys.ts';
import type { PortPlan, ServicePlan } from './service-starter.ts';
import type { Settings } from './settings.ts';

/** What every plan is made from. */
export interface PlanContext {
  readonly settings: Settings;
  readonly config: MeshConfig;
  readonly env: NodeJS.ProcessEnv;
}

/** Between the ports of one router and those of the next. */
const routerStride = 100;

/** The cache; it alone hears the secret by which it calls tenants, the mesh's own unless another is configured. It asks its callers for the mesh's secret where it listens beyond loopback. */
export function planCache(context: PlanContext, addresses: { redis: string; chroma: string }): ServicePlan {
  const { CACHE_PORT, CACHE_OPS_PORT } = context.settings.ports;
  const { CACHE_TENANT_SECRET, CACHE_TENANT_SECRET_FILE } = context.env;
  return plan(context, {
    name: 'cache',
    service: 'cache',
    ports: {
      CACHE_PORT: { preferred: CACHE_PORT, told: 'grpc' },
      CACHE_OPS_PORT: { preferred: CACHE_OPS_PORT, told: 'metrics' },
    },
    env: {
      REDIS_URL: addresses.redis,
      CHROMA_URL: addresses.chroma,
      REFRAIN_MODELS: context.settings.home.models,
      ...(CACHE_TENANT_SECRET
        ? { CACHE_TENANT_SECRET }
        : { CACHE_TENANT_SECRET_FILE: CACHE_TENANT_SECRET_FILE || context.settings.home.tenantSecretFile }),
      ...meshSecret(context),
    },
  });
}

/** The workers: one for all remote providers, where any has a key or needs none, and one for the local models. */
export function planWorkers(context: PlanContext, addresses: { nats: string; redis: string }): ServicePlan[] {
  const { settings, config } = context;
  const worker = (choice: 'remote' | 'llama', variable: 'PROVIDER_OPS_PORT' | 'PROVIDER_LLAMA_OPS_PORT') =>
    plan(context, {
      name: `provider-${choice}`,
      service: 'provider',
      keys: providersOf(config, choice).flatMap(stemsOf),
      ports: { PROVIDER_OPS_PORT: { preferred: settings.ports[variable], told: 'metrics', variable } },
      env: {
        NATS_URL: addresses.nats,
        REDIS_URL: addresses.redis,
        REFRAIN_PROVIDERS: choice,
        REFRAIN_MODELS: settings.home.models,
      },
    });
  return [
    ...(remoteProviders(context).some(({ isServed }) => isServed) ? [worker('remote', 'PROVIDER_OPS_PORT')] : []),
    ...(hasLocalModels(config) ? [worker('llama', 'PROVIDER_LLAMA_OPS_PORT')] : []),
  ];
}

/** The routers, `router-1` on the configured ports. */
export function planRouters(
  context: PlanContext,
  addresses: { redis: string; nats: string; cache: string; jobs: string },
  count: number,
): ServicePlan[] {
  const { ROUTER_GRPC_PORT, ROUTER_HTTP_PORT, ROUTER_OPS_PORT } = context.settings.ports;
  return Array.from({ length: count }, (_, i) => {
    const at = (port: number, told: PortPlan['told']) => ({ preferred: nth(port, i), told });
    return plan(context, {
      name: `router-${i + 1}`,
      service: 'router',
      ports: {
        ROUTER_GRPC_PORT: at(ROUTER_GRPC_PORT, 'grpc'),
        ROUTER_HTTP_PORT: at(ROUTER_HTTP_PORT, 'http'),
        ROUTER_OPS_PORT: at(ROUTER_OPS_PORT, 'metrics'),
      },
      env: {
        CACHE_ADDR: addresses.cache,
        JOBS_ADDR: addresses.jobs,
        NATS_URL: addresses.nats,
        REDIS_URL: addresses.redis,
        ...meshSecret(context),
      },
    });
  });
}

/** The jobs service, on a port that was chosen before: the routers must know it, and it them. */
export function planJobs(context: PlanContext, addresses: { nats: string; router: string }, port: number): ServicePlan {
  return plan(context, {
    name: 'jobs',
    service: 'jobs',
    ports: {
      JOBS_PORT: { preferred: port, told: 'grpc' },
      JOBS_OPS_PORT: { preferred: context.settings.ports.JOBS_OPS_PORT, told: 'metrics' },
    },
    env: { NATS_URL: addresses.nats, ROUTER_ADDR: addresses.router, ...meshSecret(context) },
  });
}

/** By which routers and jobs know each other: the configured one, else the mesh's own. */
function meshSecret({ env, settings }: PlanContext): Record<string, string> {
  const { REFRAIN_MESH_SECRET, REFRAIN_MESH_SECRET_FILE } = env;
  if (REFRAIN_MESH_SECRET) return { REFRAIN_MESH_SECRET };
  return { REFRAIN_MESH_SECRET_FILE: REFRAIN_MESH_SECRET_FILE || settings.home.meshSecretFile };
}

/** The port of the nth router; 0, any, stays any, and past the last port there is none to prefer. */
function nth(port: number, n: number): number {
  const own = port + n * routerStride;
  return port === 0 || own > 65_535 ? 0 : own;
}

/** Every provider but the local ones, and whether a worker can serve it. */
export function remoteProviders({
  config,
  env,
}: PlanContext): { name: string; keys: string | undefined; isServed: boolean }[] {
  return providersOf(config, 'remote').map((provider) => ({
    name: provider.name,
    keys: provider.keys,
    // A file with keys may get its first one later.
    isServed:
      provider.keyless ||
      stemsOf(provider).some((stem) => keyFile(stem, env) !== undefined || readProviderKeys(stem, env).length > 0),
  }));
}

/** Whether `refrain.yaml` names local models. */
export function hasLocalModels(config: MeshConfig): boolean {
  return providersOf(config, 'llama').length > 0;
}

function providersOf(config: MeshConfig, choice: 'remote' | 'llama') {
  return Object.entries(config.providers)
    .map(([name, provider]) => ({ name, ...provider }))
    .filter(({ adapter }) => (adapter === 'llama') === (choice === 'llama'));
}

/** The stems of all keys that `refrain.yaml` names. */
export function keyStems(config: MeshConfig): string[] {
  return Object.values(config.providers).flatMap(stemsOf);
}

/** The stems of a provider's keys: its own and those of its pools. */
function stemsOf({ keys, pools }: Pick<ProviderConfig, 'keys' | 'pools'>): string[] {
  return [keys, ...Object.values(pools).map((pool) => pool.keys)].filter((stem) => stem !== undefined);
}

function plan(
  { settings, config, env }: PlanContext,
  service: {
    name: string;
    service: string;
    keys?: string[];
    ports: ServicePlan['ports'];
    env: Readonly<Record<string, string>>;
  },
): ServicePlan {
  return {
    name: service.name,
    entry: join(root, 'services', service.service, 'src/main.ts'),
    ports: service.ports,
    logFile: settings.home.logOf(service.name),
    env: {
      ...withoutKeys(env, keyStems(config), service.keys),
      REFRAIN_CONFIG: settings.configFile,
      ...service.env,
    },
  };
}
