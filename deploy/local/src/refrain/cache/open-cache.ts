/** The way from a command line to a cache, and what every command of `cache` has in common. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CacheService } from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import { ConfigError, isLoopback, loadMeshConfig, operatorMetadata } from '@refrain/service';
import type { Home } from '../../start/home.ts';
import { readMeshFile } from '../../start/mesh-file.ts';
import { configuredMeshSecret, meshSecretOf } from '../mesh-secret.ts';
import { asUsage, UsageError } from '../usage-error.ts';

/** Where a command runs and where it writes. */
export interface CacheTools {
  readonly home: Home;
  /** The mesh's refrain.yaml. */
  readonly configFile: string;
  /** Where the caller stands: paths count from there. */
  readonly folder: string;
  /** The result. */
  readonly out: (text: string) => void;
  /** Progress and faults, for people. */
  readonly progress: { readonly isTTY?: boolean; write(text: string): unknown };
}

/** Prints and gives the exit code. */
export type CacheCommand = (args: readonly string[], tools: CacheTools) => Promise<number>;

/** A cache's door. */
export type Cache = GrpcClient<typeof CacheService>;

const common = { cache: { type: 'string' }, json: { type: 'boolean', default: false } } as const;
const connectMs = 5000;

/** Reads a command's options, `--cache` and `--json` among them. @throws UsageError */
export function readOptions<O extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: O) {
  return asUsage(() =>
    parseArgs({ args: [...args], options: { ...common, ...options }, allowPositionals: true, strict: true }),
  );
}

/** @throws UsageError where there are any, for commands that take none */
export function refusePositionals(positionals: readonly string[]): void {
  if (positionals.length > 0) throw new UsageError(`what is ${positionals[0]}? This command takes options alone`);
}

/** The option's value. @throws UsageError where it is missing or empty */
export function required(name: string, value: string | undefined): string {
  if (!value) throw new UsageError(`--${name} is missing`);
  return value;
}

/** Tells of a tenant that refrain.yaml does not have: it may be a slip, or one that has left and is to be erased. */
export function tellUnknown(tenant: string, { configFile, progress }: CacheTools): void {
  const note = noteOn(tenant, configFile);
  if (note !== undefined) progress.write(`refrain: note that ${note}\n`);
}

function noteOn(tenant: string, configFile: string): string | undefined {
  try {
    const { keys, local } = loadMeshConfig(configFile);
    const known = keys.length > 0 ? keys.map((key) => key.tenant) : [local.tenant];
    return known.includes(tenant) ? undefined : `refrain.yaml has no tenant ${tenant}`;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // No reason to leave undone what has to go.
    return `whether there is a tenant ${tenant} is not known: ${error.message}`;
  }
}

/** Runs `use` on the cache at `address`, or else on that of the mesh that runs here. @throws Error with what to do where there is none */
export async function withCache<T>(
  address: string | undefined,
  { home }: CacheTools,
  use: (cache: Cache) => Promise<T>,
): Promise<T> {
  const target = address ?? readMeshFile(home.meshFile)?.cache.grpc;
  if (target === undefined)
    throw new Error(`no mesh runs in ${home.folder}; npm start starts one, --cache HOST:PORT names a cache elsewhere`);
  if (!/^.+:\d+$/.test(target)) throw new UsageError('--cache takes HOST:PORT');
  // What looks like loopback may be a tunnel to a cache that asks for the secret. One that is of this machine asks for none, and a home that no
  // mesh has run in has none; the home's own goes nowhere it was not made for.
  const host = target.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const secret = configuredMeshSecret() ?? (isLoopback(host) ? undefined : meshSecretOf(home));
  const cache = createGrpcClient(CacheService, target, { metadata: secret && operatorMetadata(secret) });
  try {
    await cache.waitForReady(connectMs);
    return await use(cache);
  } finally {
    cache.close();
  }
}
