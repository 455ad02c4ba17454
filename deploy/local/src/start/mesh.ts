/** Brings the parts and services up, each as soon as what it stands on is there. */

import { freePort } from '@refrain/parts';
import { fetchEmbeddingModel, fetchLocalModel, hasOllama } from './fetch-models.ts';
import type { Fleet, Stage } from './fleet.ts';
import type { KeptProcess } from './kept-process.ts';
import { rotateLog } from './log-file.ts';
import { findPart, partStarter } from './part-process.ts';
import { hasLocalModels, keyStems, type PlanContext, planCache, planJobs, planRouters, planWorkers } from './plan.ts';
import { withoutKeys } from './provider-keys.ts';
import type { Screen } from './screen.ts';
import type { RunningService } from './service-process.ts';
import { type ServicePlan, serviceStarter } from './service-starter.ts';
import type { PartName } from './settings.ts';
import { keepTenantSecret } from './tenant-secret.ts';
import { type Readiness, waitReady } from './wait-ready.ts';

/** What a mesh is started with. */
export interface MeshContext extends PlanContext {
  readonly routers: number;
  readonly screen: Screen;
  readonly fleet: Fleet;
  /** Aborted: whatever is under way is given up. */
  readonly end: AbortController;
}

/** A server the mesh stands on. */
export interface MeshPart {
  readonly url: string;
  /** For people: where it came from. */
  readonly origin: string;
  /** Absent: the user's own. */
  readonly pid: () => number | undefined;
}

/** A service that runs, and what it said when it was ready. */
export interface MeshService {
  readonly process: KeptProcess<RunningService>;
  readonly readiness: Readiness;
}

/** A mesh that is up. */
export interface Mesh {
  readonly parts: Readonly<Record<PartName, MeshPart>>;
  readonly cache: MeshService;
  readonly jobs: MeshService;
  readonly workers: readonly MeshService[];
  readonly routers: readonly MeshService[];
}

/** Starts everything and waits until all of it is ready. @throws the first fault, when all that was under way has ended. */
export async function startMesh(context: MeshContext): Promise<Mesh> {
  const redis = bringPart(context, 'redis');
  const nats = bringPart(context, 'nats');
  const chroma = bringPart(context, 'chroma');
  const embeddingModel = bringEmbeddingModel(context);
  const localModel = bringLocalModel(context);

  const { home, ports } = context.settings;
  const secret = keepTenantSecret(home.tenantSecretFile);
  const meshSecret = keepTenantSecret(home.meshSecretFile);
  const jobsPort = chooseJobsPort(ports.JOBS_PORT, context.screen.say);
  const cache = Promise.all([redis, chroma, embeddingModel, secret, meshSecret]).then(([redis, chroma]) =>
    bringService(context, 'cache', planCache(context, { redis: redis.url, chroma: chroma.url })),
  );
  const workers = Promise.all([nats, redis, localModel]).then(([nats, redis]) =>
    Promise.all(
      planWorkers(context, { nats: nats.url, redis: redis.url }).map((plan) => bringService(context, 'worker', plan)),
    ),
  );
  const routers = Promise.all([redis, nats, cache, jobsPort, meshSecret]).then(([redis, nats, cache, port]) => {
    const grpc = cache.process.current.ready.grpc ?? '';
    const addresses = { redis: redis.url, nats: nats.url, cache: grpc, jobs: `127.0.0.1:${port}` };
    const plans = planRouters(context, addresses, context.routers);
    return Promise.all(plans.map((plan) => bringService(context, 'router', plan)));
  });

  const jobs = Promise.all([nats, routers, jobsPort]).then(([nats, [router], port]) => {
    const addresses = { nats: nats.url, router: router?.process.current.ready.grpc ?? '' };
    return bringService(context, 'jobs', planJobs(context, addresses, port));
  });

  await settled(context.end, [redis, nats, chroma, embeddingModel, localModel, cache, workers, routers, jobs]);
  return {
    parts: { redis: await redis, nats: await nats, chroma: await chroma },
    cache: await cache,
    jobs: await jobs,
    workers: await workers,
    routers: await routers,
  };
}

/** The routers are told where the jobs service will be before it is there: it in turn asks them. */
async function chooseJobsPort(preferred: number, say: (line: string) => void): Promise<number> {
  const port = await freePort(preferred);
  if (preferred !== 0 && port !== preferred) say(`jobs: port ${preferred} is taken, so grpc is on ${port} (JOBS_PORT)`);
  return port;
}

/** Waits for all of them. The first fault gives the others up and is thrown when the last has ended. */
async function settled(end: AbortController, works: readonly Promise<unknown>[]): Promise<void> {
  for (const work of works) work.catch((error) => end.abort(error));
  await Promise.allSettled(works);
  end.signal.throwIfAborted();
}

async function bringPart(
  { settings, config, env, screen, fleet, end }: MeshContext,
  name: PartName,
): Promise<MeshPart> {
  const url = settings.urls[name];
  if (url !== undefined) return { url, origin: 'configured', pid: () => undefined };
  const { home, partPorts } = settings;
  const childEnv = withoutKeys(env, keyStems(config));
  const logFile = home.logOf(name);
  rotateLog(logFile);
  const context = { folder: home.parts, env: childEnv, say: screen.say, signal: end.signal };
  const launch = await screen.during(`${name}: finding its program`, findPart(name, context));
  const program = { name, launch, folder: home.dataOf(name), env: childEnv, logFile };
  const start = partStarter(program, partPorts[name], screen.say);
  const kept = await screen.during(`${name}: starting`, fleet.run('part', name, start));
  return { url: kept.current.url, origin: kept.current.origin, pid: () => kept.current.pid };
}

async function bringService(
  { screen, fleet, end }: MeshContext,
  stage: Stage,
  plan: ServicePlan,
): Promise<MeshService> {
  rotateLog(plan.logFile);
  const starting = fleet.run(stage, plan.name, serviceStarter(plan, screen.say));
  const process = await screen.during(`${plan.name}: starting`, starting);
  const metrics = () => process.current.ready.metrics;
  let missing = '';
  const onMissing = (parts: string) => {
    missing = parts && ` (${parts})`;
  };
  const ready = waitReady({ name: plan.name, metrics, signal: end.signal, onMissing });
  return { process, readiness: await screen.during(() => `${plan.name}: getting ready${missing}`, ready) };
}

async function bringEmbeddingModel(context: MeshContext): Promise<void> {
  const { screen } = context;
  const isThere = await screen.during(
    'embedding model: checking or fetching it',
    fetchEmbeddingModel(fetching(context)),
  );
  if (!isThere) screen.say('no embedding model: the cache answers exact repetitions only, no paraphrases');
}

async function bringLocalModel(context: MeshContext): Promise<void> {
  const { screen, settings, config } = context;
  if (!hasLocalModels(config) || (await hasOllama(settings.ollamaUrl))) return;
  const isThere = await screen.during('local model: checking or fetching it', fetchLocalModel(fetching(context)));
  if (!isThere) screen.say('no local model: without provider keys or an Ollama server only templates answer');
}

function fetching({ settings, config, env, screen, end }: MeshContext) {
  return {
    folder: settings.home.models,
    env: withoutKeys(env, keyStems(config)),
    say: screen.say,
    signal: end.signal,
  };
}
