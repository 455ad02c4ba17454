/** The router's doors in all their forms; what comes back is what each says of the same answer. */
import { randomUUID } from 'node:crypto';
import {
  create,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type MessageShape,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';
import { type Bus, type BusMessage, openBus } from '@refrain/bus';
import {
  type Answer,
  CacheMode,
  type Chat,
  CompleteRequestSchema,
  CompleteResponseSchema,
  completeSubject,
  FallbackMode,
  type Options,
  StreamCompleteRequestSchema,
  StreamCompleteResponseSchema,
} from '@refrain/contracts';
import { eventually, silentLog } from '@refrain/testkit';
import { sourceName } from '../src/source-name.ts';
import { readEvents } from './read-events.ts';
import type { TestMesh } from './start-mesh.ts';

/** An answer as a door gave it. */
export interface Given {
  readonly text: string;
  readonly requestId: string;
  readonly source: string;
  readonly provider: string;
  readonly model: string;
  readonly reason: string;
  readonly degraded: boolean;
  readonly attempts: number;
  readonly nanoUsd: number;
  readonly savedNanoUsd: number;
  readonly tokens: number;
  readonly entryId: string;
  /** The job that was made of it; empty where none was. */
  readonly jobId: string;
  /** In how many pieces the text came; 1 where it was not streamed. */
  readonly pieces: number;
}

/** Every door in every form. */
export const doorNames = [
  'grpc',
  'grpc stream',
  'http',
  'http stream',
  'nats json',
  'nats json stream',
  'nats protobuf',
  'nats protobuf stream',
] as const;
/** One of them. */
export type DoorName = (typeof doorNames)[number];

/** Asks a question by one door in one form. */
export type Door = (chat: Chat, options?: Options) => Promise<Given>;

/** Every door of a mesh, and a connection to its NATS. */
export interface Doors {
  readonly by: Readonly<Record<DoorName, Door>>;
  readonly bus: Bus;
  close(): Promise<void>;
}

/** Opens them. */
export async function openDoors(mesh: Pick<TestMesh, 'client' | 'http' | 'nats'>): Promise<Doors> {
  const bus = openBus({ url: mesh.nats.url, name: 'test', log: silentLog });
  await eventually(() => bus.connected, { what: 'a connection to NATS' });
  const by: Record<DoorName, Door> = {
    grpc: async (chat, options) => {
      const request = create(CompleteRequestSchema, requestOf(chat, options));
      return fromAnswer((await mesh.client.complete(request)).answer);
    },
    'grpc stream': (chat, options) =>
      fromStream(mesh.client.streamComplete(create(StreamCompleteRequestSchema, requestOf(chat, options)))),
    http: (chat, options) => askHttp(mesh.http, { chat, options, stream: false }),
    'http stream': (chat, options) => askHttp(mesh.http, { chat, options, stream: true }),
    'nats json': natsDoor(bus, 'json'),
    'nats json stream': natsStreamDoor(bus, 'json'),
    'nats protobuf': natsDoor(bus, 'protobuf'),
    'nats protobuf stream': natsStreamDoor(bus, 'protobuf'),
  };
  return { by, bus, close: () => bus.drain() };
}

type Encoding = 'json' | 'protobuf';

function natsDoor(bus: Bus, encoding: Encoding): Door {
  return async (chat, options) => {
    const data = encode(CompleteRequestSchema, create(CompleteRequestSchema, requestOf(chat, options)), encoding);
    for await (const message of askNats(bus, local, data, { 'content-type': `application/${encoding}` }))
      return fromAnswer(decode(CompleteResponseSchema, message, encoding).answer);
    throw new Error('no reply');
  };
}

function natsStreamDoor(bus: Bus, encoding: Encoding): Door {
  return (chat, options) => {
    const data = encode(CompleteRequestSchema, create(CompleteRequestSchema, requestOf(chat, options)), encoding);
    const headers = { 'content-type': `application/${encoding}`, 'x-refrain-stream': 'true' };
    return fromStream(decodeAll(askNats(bus, local, data, headers), encoding));
  };
}

const local = completeSubject('local');

function requestOf(chat: Chat, options: Options | undefined) {
  return options ? { chat, options } : { chat };
}

async function* decodeAll(replies: AsyncIterable<BusMessage>, encoding: Encoding) {
  for await (const message of replies) yield decode(StreamCompleteResponseSchema, message, encoding);
}

/** Publishes a request with a reply subject of its own and gives what comes back, until the reader stops. */
export async function* askNats(
  bus: Bus,
  subject: string,
  data: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<BusMessage> {
  const reply = `test.replies.${randomUUID()}`;
  const arrived: BusMessage[] = [];
  const subscription = bus.subscribe(reply, {}, (message) => arrived.push(message));
  try {
    bus.publish(subject, data, { reply, headers });
    for (;;) {
      await eventually(() => arrived.length > 0, { what: `a reply on ${subject}` });
      yield* arrived.splice(0);
    }
  } finally {
    await subscription.drain();
  }
}

function encode<S extends DescMessage>(schema: S, message: MessageShape<S>, encoding: Encoding): Uint8Array {
  return encoding === 'json' ? Buffer.from(toJsonString(schema, message)) : toBinary(schema, message);
}

function decode<S extends DescMessage>(schema: S, message: BusMessage, encoding: Encoding): MessageShape<S> {
  const fault = message.header('Nats-Service-Error');
  if (fault !== undefined) throw new Error(`NATS answered ${message.header('Nats-Service-Error-Code')}: ${fault}`);
  if (message.header('content-type') !== `application/${encoding}`) throw new Error('the reply is encoded otherwise');
  return encoding === 'json'
    ? fromJsonString(schema, Buffer.from(message.data).toString())
    : fromBinary(schema, message.data);
}

function fromAnswer(answer: Answer | undefined): Given {
  if (!answer?.provenance) throw new Error('an answer without provenance');
  const { requestId, text, provenance, cost, usage } = answer;
  const { source, provider, model, reason, degraded, attempts, entryId, jobId } = provenance;
  return {
    ...{ text, requestId, source: sourceName(source), provider, model, reason, degraded, attempts, entryId, jobId },
    nanoUsd: Number(cost?.nanoUsd),
    savedNanoUsd: Number(cost?.savedNanoUsd),
    tokens: (usage?.promptTokens ?? 0) + (usage?.completionTokens ?? 0),
    pieces: 1,
  };
}

/** `started` first, then deltas, `completed` last and without the text. */
async function fromStream(events: AsyncIterable<MessageShape<typeof StreamCompleteResponseSchema>>): Promise<Given> {
  let text = '';
  let pieces = 0;
  let started: string | undefined;
  for await (const { event } of events) {
    if (event.case === 'started') started = event.value.requestId;
    if (started === undefined) throw new Error(`${event.case} came before started`);
    if (event.case === 'delta') {
      text += event.value.text;
      pieces += 1;
    }
    if (event.case !== 'completed') continue;
    const given = fromAnswer(event.value.answer);
    if (given.requestId !== started || given.text !== '') throw new Error('the end does not fit the beginning');
    return { ...given, text, pieces };
  }
  throw new Error('a stream without an end');
}

interface RefrainObject {
  readonly source: string;
  readonly provider: string;
  readonly model: string;
  readonly reason: string;
  readonly degraded: boolean;
  readonly attempts: number;
  readonly cost_nano_usd: number;
  readonly saved_nano_usd: number;
  readonly entry_id?: string;
  readonly job_id?: string;
  /** Of an answer that broke off. */
  readonly usage?: { readonly total_tokens: number };
}
interface HttpAnswer {
  readonly error?: { readonly code: string };
  readonly choices: readonly {
    readonly message?: { readonly content: string };
    readonly delta?: { readonly content?: string };
  }[];
  readonly usage?: { readonly total_tokens: number };
  readonly refrain?: RefrainObject;
}

interface HttpAsk {
  readonly chat: Chat;
  readonly options: Options | undefined;
  readonly stream: boolean;
}

const modeNames: Readonly<Record<number, string>> = {
  [CacheMode.UNSPECIFIED]: 'on',
  [CacheMode.OFF]: 'off',
  [CacheMode.REFRESH]: 'refresh',
  [CacheMode.READ_ONLY]: 'read-only',
  [CacheMode.ONLY_IF_CACHED]: 'only-if-cached',
};

/** The headers by which an HTTP caller says what others say in fields. */
function toHeaders(options: Options | undefined): Record<string, string> {
  if (!options) return {};
  const { cache, fallback, maxAgeSeconds, minimumConfidence, tags, ttlSeconds } = options;
  return {
    'x-refrain-cache': modeNames[cache] ?? `${cache}`,
    ...(fallback === FallbackMode.NONE && { 'x-refrain-fallback': 'none' }),
    ...(fallback === FallbackMode.QUEUE && { 'x-refrain-fallback': 'queue' }),
    ...(fallback === FallbackMode.FULL && { 'x-refrain-fallback': 'full' }),
    ...(minimumConfidence !== undefined && { 'x-refrain-minimum-confidence': String(minimumConfidence) }),
    ...(ttlSeconds !== undefined && { 'x-refrain-cache-ttl': String(ttlSeconds) }),
    ...(maxAgeSeconds !== undefined && { 'cache-control': `max-age=${maxAgeSeconds}` }),
    ...(tags.length > 0 && { 'x-refrain-cache-tags': tags.join(',') }),
  };
}

async function askHttp(http: string, { chat, options, stream }: HttpAsk): Promise<Given> {
  const messages = chat.messages.map(({ parts }) => ({ role: 'user', content: parts[0]?.content.value }));
  const model = chat.model === '' ? {} : { model: chat.model };
  const response = await fetch(`${http}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...toHeaders(options) },
    body: JSON.stringify({ messages, ...model, ...(stream && { stream, stream_options: { include_usage: true } }) }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  let text = '';
  let pieces = 0;
  let last: HttpAnswer | undefined;
  const answers = stream ? readEvents<HttpAnswer>(response) : [(await response.json()) as HttpAnswer];
  for await (const answer of answers) {
    if (answer.error) {
      const { cost_nano_usd, usage } = answer.refrain ?? {};
      const spent = `${usage?.total_tokens} tokens of ${cost_nano_usd} nano-dollars`;
      throw new Error(`error event: ${answer.error.code}, ${spent}`);
    }
    const piece = answer.choices[0]?.message?.content ?? answer.choices[0]?.delta?.content ?? '';
    text += piece;
    if (piece !== '') pieces += 1;
    last = answer;
  }
  const refrain = last?.refrain;
  if (!refrain) throw new Error('the last of the answer does not say where it came from');
  return { ...fromHeaders(response.headers, refrain), text, pieces, tokens: last?.usage?.total_tokens ?? 0 };
}

/** What the headers say, which the body must repeat. */
function fromHeaders(headers: Headers, refrain: RefrainObject): Omit<Given, 'text' | 'pieces' | 'tokens'> {
  const { source, provider, model, reason, degraded, entry_id = '', job_id = '' } = refrain;
  const told = ['source', 'provider', 'model', 'reason', 'degraded'].map((name) => headers.get(`x-refrain-${name}`));
  const same = [source, provider, model, reason, String(degraded)].every((value, i) => value === told[i]);
  if (!same || (headers.get('x-refrain-entry') ?? '') !== entry_id || (headers.get('x-refrain-job') ?? '') !== job_id)
    throw new Error('headers and body disagree');
  return {
    ...{ source, provider, model, reason, degraded, entryId: entry_id, jobId: job_id },
    requestId: headers.get('x-refrain-request-id') ?? '',
    attempts: refrain.attempts,
    nanoUsd: refrain.cost_nano_usd,
    savedNanoUsd: refrain.saved_nano_usd,
  };
}
