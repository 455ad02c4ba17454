import { isSubjectToken } from '@refrain/contracts';
import { ConfigError, type MeshConfig, readEnv, readProviderKeys, type Secret } from '@refrain/service';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

const environment = z.object({
  PROVIDER_HOST: z.string().default('127.0.0.1'),
  PROVIDER_OPS_PORT: port.default(7480),
  NATS_URL: z.string().default('nats://127.0.0.1:7451'),
  REFRAIN_CONFIG: z.string().default('refrain.yaml'),
  /** Names of refrain.yaml by commas; `remote`: all but the llama ones; `llama`: those alone; `all`. */
  REFRAIN_PROVIDERS: z.string().default('all'),
  REFRAIN_MODELS: z.string().default('.refrain/models'),
  OLLAMA_URL: z.url({ protocol: /^https?$/ }).optional(),
});

/** The provider service's environment. */
export interface ProviderServiceConfig {
  readonly host: string;
  readonly opsPort: number;
  readonly natsUrl: string;
  readonly meshFile: string;
  readonly providers: string;
  readonly modelsFolder: string;
  readonly ollamaUrl: string | undefined;
  /** The keys under a stem of refrain.yaml. */
  readonly keysOf: (stem: string) => Secret[];
}

/** Reads the environment. Throws ConfigError with every fault. */
export function loadConfig(env: NodeJS.ProcessEnv): ProviderServiceConfig {
  const read = readEnv(environment, env);
  return Object.freeze({
    host: read.PROVIDER_HOST,
    opsPort: read.PROVIDER_OPS_PORT,
    natsUrl: read.NATS_URL,
    meshFile: read.REFRAIN_CONFIG,
    providers: read.REFRAIN_PROVIDERS,
    modelsFolder: read.REFRAIN_MODELS,
    ollamaUrl: read.OLLAMA_URL,
    keysOf: (stem: string) => readProviderKeys(stem, env),
  });
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
