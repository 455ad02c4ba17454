/** The jobs service for its tests: real NATS, a scripted router, the service as a process or in this one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromJsonString, type MessageInitShape } from '@bufbuild/protobuf';
import { type Bus, openBus } from '@refrain/bus';
import {
  eventSubject,
  GetRequestSchema,
  type GetResponse,
  type JobEvent,
  JobEventSchema,
  type JobState,
  JobsService,
  Role,
  SubmitRequestSchema,
} from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import { meshMetadata, operatorMetadata, Secret } from '@refrain/service';
import { eventually, type ServiceProcess, silentLog, startNats, startProcess, type TestServer } from '@refrain/testkit';
import { type ScriptedRouter, startScriptedRouter } from './scripted-router.ts';

const secretText = 'a-secret-of-the-mesh';
/** What services of this mesh know each other by. */
export const meshSecret: Secret = new Secret(secretText);
/** Metadata of calls in the name of two tenants, and of an operator. */
export const as = {
  ann: meshMetadata(meshSecret, { tenant: 'acme', user: 'ann', tier: 'pro' }),
  bob: meshMetadata(meshSecret, { tenant: 'globex', user: 'bob', tier: 'free' }),
  operator: operatorMetadata(meshSecret),
} as const;

type SubmitInit = Exclude<MessageInitShape<typeof SubmitRequestSchema>, { $typeName: string }>;

/** What a test may touch. */
export interface TestJobs {
  readonly nats: TestServer;
  readonly router: ScriptedRouter;
  readonly bus: Bus;
  /** Writes another `refrain.yaml`: what ends the usual one, or all of it. */
  readonly configure: (text: { extra: string } | { all: string }) => Promise<void>;
  readonly client: GrpcClient<typeof JobsService>;
  /** Ends of jobs as their tenants hear of them. */
  readonly events: JobEvent[];
  /** Everything that went over a subject of events, as text. */
  readonly eventTexts: string[];
  jobs: ServiceProcess;
  /** One more process of the same service, or the first again after it was killed. */
  start(env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** Submits a question for Ann; the job's id. */
  submit(text: string, more?: SubmitInit): Promise<string>;
  get(id: string): Promise<GetResponse>;
  /** Waits until the job is in this state. */
  until(id: string, state: JobState, timeoutMs?: number): Promise<GetResponse>;
  stop(): Promise<void>;
}

const yaml = `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 2 }
  basic: { lane: normal, requestsPerMinute: 100000 }
  pro: { lane: high, requestsPerMinute: 100000 }
  enterprise: { lane: high, requestsPerMinute: 100000 }
providers:
  one: { adapter: openai, keyless: true, models: [{ name: large, rank: 4, contextTokens: 1000 }] }
routes: [{ try: [one/large] }]
`;

/** A chat with one user message. */
export function chatOf(text: string) {
  return { messages: [{ role: Role.USER, parts: [{ content: { case: 'text' as const, value: text } }] }] };
}

/** Waits until a service says that it has, or has not, what it stands on. */
export async function isReady({ ready }: ServiceProcess, wanted: boolean): Promise<void> {
  const url = (ready.metrics ?? '').replace(/metrics$/, 'readyz');
  await eventually(async () => (await fetch(url)).ok === wanted, { what: `${url} to be ${wanted}` });
}

/** Starts everything; `extra` ends the `refrain.yaml`. */
export async function startJobs(extra = '', env: Readonly<Record<string, string>> = {}): Promise<TestJobs> {
  const stops: (() => Promise<unknown>)[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'refrain-jobs-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const configFile = join(folder, 'refrain.yaml');
  const configure: TestJobs['configure'] = (text) =>
    writeFile(configFile, 'all' in text ? text.all : yaml + text.extra);
  await configure({ extra });
  const nats = await startNats();
  stops.push(() => nats.stop());
  const router = await startScriptedRouter(meshSecret);
  stops.push(() => router.stop());
  const common = {
    REFRAIN_CONFIG: configFile,
    REFRAIN_MESH_SECRET: secretText,
    NATS_URL: nats.url,
    ROUTER_ADDR: router.address,
    JOBS_OPS_PORT: '0',
    JOBS_RETRY_BASE_MS: '50',
    JOBS_LONGEST_WAIT_MS: '100',
    JOBS_LEASE_MS: '1500',
    ...env,
  };
  const start = async (more: Readonly<Record<string, string>> = {}) => {
    const started = await startProcess({
      entry: 'services/jobs/src/main.ts',
      env: { JOBS_PORT: '0', ...common, ...more },
    });
    stops.push(() => started.stop());
    return started;
  };
  const jobs = await start();
  await isReady(jobs, true);
  const bus = openBus({ url: nats.url, name: 'test', log: silentLog });
  const client = createGrpcClient(JobsService, jobs.ready.grpc ?? '');
  stops.push(async () => client.close());
  stops.push(() => bus.drain());
  const events: JobEvent[] = [];
  const eventTexts: string[] = [];
  bus.subscribe(eventSubject('*', '*'), {}, ({ data }) => {
    const text = new TextDecoder().decode(data);
    eventTexts.push(text);
    events.push(fromJsonString(JobEventSchema, text));
  });
  await eventually(() => bus.connected, { what: 'a connection to NATS' });
  const get = (id: string) => client.get(create(GetRequestSchema, { id }), { metadata: as.ann });
  return {
    ...{ nats, router, bus, configure, client, events, eventTexts, jobs, start, get },
    submit: async (text, more = {}) => {
      const request = create(SubmitRequestSchema, { chat: chatOf(text), ...more });
      return (await client.submit(request, { metadata: as.ann })).job?.id ?? '';
    },
    until: async (id, state, timeoutMs = 20_000) => {
      let found: GetResponse | undefined;
      const isThere = async () => {
        // The service may be away for the moment: that is what the test waits through.
        found = await get(id).catch(() => undefined);
        return found?.job?.state === state;
      };
      await eventually(isThere, { what: `the job to be in state ${state}`, timeoutMs });
      if (!found) throw new Error('the job has gone');
      return found;
    },
    stop: async () => {
      for (const each of stops.reverse()) await each();
    },
  };
}
