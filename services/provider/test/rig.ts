/** Workers as a router meets them: over a real NATS, in front of a scripted upstream. */
import assert from 'node:assert/strict';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Bus, openBus } from '@refrain/bus';
import {
  type ControlKind,
  ControlSchema,
  type Failure,
  type Frame,
  FrameSchema,
  type Lane,
  type UsageRecord,
  UsageRecordSchema,
  usageStream,
  WorkRequestSchema,
  workSubject,
} from '@refrain/contracts';
import { type Logger, Metrics, parseMeshConfig, Secret } from '@refrain/service';
import { openState, type State } from '@refrain/state';
import {
  eventually,
  type ScriptedUpstream,
  silentLog,
  startNats,
  startRedis,
  startUpstream,
  type TestServer,
} from '@refrain/testkit';
import type { KeySettings } from '../src/keys/provider-keys.ts';
import { type ProviderService, startProviderService } from '../src/service.ts';
import { createUpstreamClient } from '../src/upstream/http.ts';
import { chatOf } from './chats.ts';

type WorkFields = Exclude<MessageInitShape<typeof WorkRequestSchema>, { $typeName: string }>;

/** refrain.yaml with a provider `openai` at this address, and one named `silent` without keys. */
export function meshText(baseUrl: string, adapter = 'openai'): string {
  return `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 1 }
  basic: { lane: normal, requestsPerMinute: 1 }
  pro: { lane: high, requestsPerMinute: 1 }
  enterprise: { lane: high, requestsPerMinute: 1 }
providers:
  openai:
    adapter: ${adapter}
    baseUrl: ${baseUrl}
    keys: OPENAI
    concurrency: 2
    queue: 1
    firstChunkMs: 400
    interChunkMs: 300
    models: [{ name: m, rank: 3, contextTokens: 1000 }]
  silent:
    adapter: openai
    baseUrl: ${baseUrl}
    keys: SILENT
    models: [{ name: m, rank: 3, contextTokens: 1000 }]
routes: [{ try: [openai/m] }]
`;
}

/** An attempt as its router sees it. */
export interface Asked {
  readonly attemptId: string;
  /** Where its frames come in: who speaks for it gives this as the reply subject. */
  readonly reply: string;
  /** All frames up to the last, their numbers checked. */
  readonly frames: Promise<Frame[]>;
  /** Resolves with the control subject once the worker has accepted; rejected where it ends without. */
  readonly accepted: Promise<string>;
}

/** What the tests of the workers share. */
export interface Rig {
  readonly nats: TestServer;
  readonly redis: TestServer;
  readonly state: State;
  readonly upstream: ScriptedUpstream;
  readonly router: Bus;
  /** The usage records that JetStream holds, oldest first. */
  storedRecords(): Promise<readonly UsageRecord[]>;
  /** Starts workers with these keys and waits until they are there. */
  startWorkers(keys: readonly string[], options?: WorkerOptions): Promise<ProviderService>;
  open(work?: WorkFields, lane?: Lane): Asked;
  /** Asks and gives the frames. */
  ask(work?: WorkFields): Promise<Frame[]>;
  /** Says something about an attempt to its worker, or on the subject that all of them hear. */
  control(subject: string, asked: Asked, kind: ControlKind): void;
  /** The one record of an attempt, once it is stored. */
  recordOf(attemptId: string): Promise<UsageRecord>;
  stop(): Promise<void>;
}

/** How workers are started. */
export interface WorkerOptions {
  readonly log?: Logger;
  readonly silenceMs?: number;
  /** Another upstream and its adapter. */
  readonly mesh?: string;
  readonly keySettings?: Partial<KeySettings>;
  /** Keys by their stem; read anew at each update. */
  readonly keysOf?: (stem: string) => readonly string[];
}

/** Starts NATS, an upstream and a router's connection. */
export async function startRig(): Promise<Rig> {
  const [nats, redis] = await Promise.all([startNats(), startRedis()]);
  const state = openState({ url: redis.url, name: 'worker', log: silentLog });
  const bus = openBus({ url: nats.url, name: 'worker', log: silentLog });
  const router = openBus({ url: nats.url, name: 'router', log: silentLog });
  await eventually(() => bus.connected && router.connected && state.ready);
  await bus.ensureStream(usageStream);
  const records: UsageRecord[] = [];
  const storedRecords = async () => {
    for (let seq = records.length + 1; ; seq += 1) {
      const record = await readRecord(router, seq);
      if (!record) return records;
      records[seq - 1] = record;
    }
  };
  const upstream = await startUpstream('openai');
  const client = createUpstreamClient();
  const services = new Set<ProviderService>();
  let attempts = 0;

  const open = (work: WorkFields = {}, lane: Lane = 'high'): Asked => {
    attempts += 1;
    const attemptId = `attempt-${attempts}`;
    const whose = { attemptId, requestId: `request-${attempts}`, tenant: 'acme', user: 'ann', provider: 'openai' };
    const asked = { ...whose, model: 'm', chat: chatOf('Hello?'), remainingMs: 10_000, ...work };
    const bytes = toBinary(WorkRequestSchema, create(WorkRequestSchema, asked));
    const { signal } = new AbortController();
    let onAccepted: (controlSubject: string) => void = () => undefined;
    const taken = new Promise<string>((resolve) => {
      onAccepted = resolve;
    });
    let reply = '';
    const onOpen = (subject: string) => {
      reply = subject;
    };
    const stream = router.stream(workSubject(asked.provider, lane), bytes, { signal, idleMs: 5000, onOpen });
    const frames = collect(stream, onAccepted);
    const refused = frames.then((all) => {
      throw new Error(
        `not accepted: ${JSON.stringify(all.at(-1)?.body.value, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`,
      );
    });
    const accepted = Promise.race([taken, refused]);
    // Most tests look at the frames alone.
    accepted.catch(() => undefined);
    return { attemptId, reply, accepted, frames };
  };

  return {
    nats,
    redis,
    state,
    upstream,
    router,
    storedRecords,
    startWorkers: async (keys, options = {}) => {
      const service = startProviderService({
        mesh: parseMeshConfig(options.mesh ?? meshText(upstream.baseUrl), 'test.yaml'),
        providers: ['openai', 'silent'],
        keysOf: (stem) => {
          const values = options.keysOf ? options.keysOf(stem) : stem === 'OPENAI' ? keys : [];
          return values.map((key) => new Secret(key));
        },
        keySettings: { region: undefined, alertThreshold: 0.8, checkEveryMs: 0, ...options.keySettings },
        state,
        llama: { ollamaUrl: undefined, modelsFolder: '/nowhere' },
        bus,
        fetch: client.fetch,
        log: options.log ?? silentLog,
        metrics: new Metrics('provider'),
        ...(options.silenceMs !== undefined && { silenceMs: options.silenceMs }),
      });
      services.add(service);
      // Asked with no time left, until a worker is there to say so.
      const isServed = () =>
        open({ remainingMs: 0 }).frames.then(
          () => true,
          () => false,
        );
      await eventually(isServed, { what: 'a worker' });
      return service;
    },
    open,
    ask: (work) => open(work).frames,
    control: (subject, { attemptId, reply }, kind) =>
      router.publish(subject, toBinary(ControlSchema, create(ControlSchema, { attemptId, kind })), { reply }),
    recordOf: async (attemptId) => {
      const of = () => storedRecords().then((all) => all.filter((each) => each.attemptId === attemptId));
      // NATS may be on its way back.
      const isStored = () =>
        of().then(
          (all) => all.length > 0,
          () => false,
        );
      await eventually(isStored, { what: `the record of ${attemptId}` });
      const [record, ...others] = await of();
      assert.ok(record && others.length === 0, 'one record for an attempt');
      return record;
    },
    stop: async () => {
      for (const service of services) await service.drain(100);
      client.close();
      await Promise.all([bus.drain(), router.drain()]);
      await upstream.stop();
      state.close();
      await Promise.all([nats.stop(), redis.stop()]);
    },
  };
}

/** A message of the usage stream by its number; undefined beyond the last. */
async function readRecord(bus: Bus, seq: number): Promise<UsageRecord | undefined> {
  const subject = `$JS.API.STREAM.MSG.GET.${usageStream.name}`;
  const reply = await bus.request(subject, new TextEncoder().encode(JSON.stringify({ seq })), { timeoutMs: 2000 });
  const { message } = JSON.parse(new TextDecoder().decode(reply.data)) as { message?: { data: string } };
  return message && fromBinary(UsageRecordSchema, Buffer.from(message.data, 'base64'));
}

async function collect(stream: AsyncIterable<Uint8Array>, onAccepted: (subject: string) => void): Promise<Frame[]> {
  const all: Frame[] = [];
  for await (const bytes of stream) {
    const frame = fromBinary(FrameSchema, bytes);
    all.push(frame);
    if (frame.body.case === 'accepted') onAccepted(frame.body.value.controlSubject);
    if (frame.body.case === 'final' || frame.body.case === 'failure') break;
  }
  assert.deepEqual(
    all.map((frame) => frame.seq),
    all.map((_, i) => i),
    'frames are numbered from 0 without a gap',
  );
  return all;
}

/** What the frames are, in order. */
export const cases = (frames: readonly Frame[]): (string | undefined)[] => frames.map((frame) => frame.body.case);

/** All that was said. */
export const textOf = (frames: readonly Frame[]): string =>
  frames.map(({ body }) => (body.case === 'delta' ? body.value.text : '')).join('');

/** The failure that ended the attempt. */
export function failureOf(frames: readonly Frame[]): Failure {
  const body = frames.at(-1)?.body;
  assert.equal(body?.case, 'failure');
  return body.value;
}
