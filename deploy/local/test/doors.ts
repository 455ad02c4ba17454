/** The three doors of a mesh, as one way of asking: what comes back is what each door says of the same answer. */
import { create, fromJsonString } from '@bufbuild/protobuf';
import { type Bus, openBus } from '@refrain/bus';
import {
  CompleteResponseSchema,
  completeSubject,
  type Provenance,
  Role,
  RouterService,
  SourceSchema,
  StreamCompleteRequestSchema,
} from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import { eventually, silentLog } from '@refrain/testkit';
import type { MeshFile } from '../src/start/mesh-file.ts';

/** An answer as a door gave it. */
export interface Given {
  readonly text: string;
  /** `exact`, `semantic`, `provider`, `template`… */
  readonly source: string;
  readonly degraded: boolean;
  readonly confidence: number | undefined;
  /** Pieces the text came in; 1 where the door gives it whole. */
  readonly pieces: number;
  /** Milliseconds until the first piece of text. */
  readonly firstMs: number;
}

/** Asks one question. */
export type Door = (question: string) => Promise<Given>;

/** gRPC and HTTP as streams, NATS as one reply. */
export interface Doors {
  readonly grpc: Door;
  readonly http: Door;
  readonly nats: Door;
  close(): Promise<void>;
}

/** Opens the doors of a mesh that is up. */
export async function openDoors({ router, nats }: MeshFile): Promise<Doors> {
  const client = createGrpcClient(RouterService, router.grpc);
  const bus = openBus({ url: nats, name: 'test', log: silentLog });
  await eventually(() => bus.connected, { what: 'a connection to NATS' });
  return {
    grpc: (question) => askGrpc(client, question),
    http: (question) => askHttp(router.http, question),
    nats: (question) => askNats(bus, question),
    close: async () => {
      client.close();
      await bus.drain();
    },
  };
}

async function askGrpc(client: GrpcClient<typeof RouterService>, question: string): Promise<Given> {
  const clock = startClock();
  const parts = [{ content: { case: 'text' as const, value: question } }];
  const request = create(StreamCompleteRequestSchema, { chat: { messages: [{ role: Role.USER, parts }] } });
  for await (const { event } of client.streamComplete(request)) {
    if (event.case === 'delta') clock.heard(event.value.text);
    if (event.case === 'completed') return clock.toGiven(event.value.answer?.provenance);
  }
  throw new Error('the stream ended without an answer');
}

async function askHttp(url: string, question: string): Promise<Given> {
  const clock = startClock();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: question }], stream: true }),
  });
  let rest = '';
  let confidence: number | undefined;
  for await (const bytes of response.body ?? []) {
    const lines = (rest + Buffer.from(bytes).toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue;
      const chunk = JSON.parse(line.slice('data: '.length));
      const text = chunk.choices?.[0]?.delta?.content ?? '';
      if (text !== '') clock.heard(text);
      confidence = chunk.refrain?.confidence ?? confidence;
    }
  }
  return {
    ...clock.heardSoFar(),
    source: response.headers.get('x-refrain-source') ?? '',
    degraded: response.headers.get('x-refrain-degraded') === 'true',
    confidence,
  };
}

async function askNats(bus: Bus, question: string): Promise<Given> {
  const clock = startClock();
  const body = { chat: { messages: [{ role: 'ROLE_USER', parts: [{ text: question }] }] } };
  const headers = { 'content-type': 'application/json' };
  const reply = await bus.request(completeSubject('local'), Buffer.from(JSON.stringify(body)), {
    timeoutMs: 60_000,
    headers,
  });
  const { answer } = fromJsonString(CompleteResponseSchema, Buffer.from(reply.data).toString());
  clock.heard(answer?.text ?? '');
  return clock.toGiven(answer?.provenance);
}

function startClock() {
  const start = performance.now();
  const pieces: string[] = [];
  let firstMs = Number.POSITIVE_INFINITY;
  const heardSoFar = () => ({ text: pieces.join(''), pieces: pieces.length, firstMs });
  return {
    heard: (text: string) => {
      if (pieces.length === 0) firstMs = performance.now() - start;
      pieces.push(text);
    },
    heardSoFar,
    toGiven: (provenance: Provenance | undefined): Given => ({
      ...heardSoFar(),
      source: SourceSchema.value[provenance?.source ?? 0]?.localName.toLowerCase() ?? '',
      degraded: provenance?.degraded ?? false,
      confidence: provenance?.confidence,
    }),
  };
}
