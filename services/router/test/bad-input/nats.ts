/** What no NATS client should send, and what it hears. */
import { create, toBinary } from '@bufbuild/protobuf';
import { CompleteRequestSchema, Role } from '@refrain/contracts';

/** One bad request. */
export interface BadNats {
  readonly what: string;
  readonly data: Uint8Array;
  readonly encoding: 'json' | 'protobuf';
  readonly headers?: Readonly<Record<string, string>>;
  readonly client?: string;
  readonly http: number;
  readonly reason: string;
  readonly fields: readonly string[];
}

const says = (value: string) => ({ role: Role.USER, parts: [{ content: { case: 'text' as const, value } }] });
const protobuf = (text: string, model = '') =>
  toBinary(CompleteRequestSchema, create(CompleteRequestSchema, { chat: { model, messages: [says(text)] } }));
const json = (chat: object) => Buffer.from(JSON.stringify({ chat }));
const user = (text: string) => ({ role: 'ROLE_USER', parts: [{ text }] });
const hello = { messages: [user('Hello.')] };
const request = { http: 400, reason: 'INVALID', fields: ['request'] };
const asJson = { encoding: 'json' as const };
const asProtobuf = { encoding: 'protobuf' as const };

function notUtf8(): Uint8Array {
  const bytes = Buffer.from(protobuf('Hello.'));
  bytes[bytes.indexOf('Hello.')] = 0xff;
  return bytes;
}

/** All of them. */
export const badNats: readonly BadNats[] = [
  { what: 'nothing', ...asJson, data: new Uint8Array(), ...request },
  { what: 'half of JSON', ...asJson, data: Buffer.from('{"chat":'), ...request },
  { what: 'JSON with a tail', ...asJson, data: Buffer.concat([json(hello), Buffer.from('}')]), ...request },
  { what: 'JSON that is not UTF-8', ...asJson, data: Buffer.from([0x7b, 0xff, 0x7d]), ...request },
  { what: 'a field nobody knows', ...asJson, data: json({ ...hello, temprature: 1 }), ...request },
  { what: 'a text for a number', ...asJson, data: json({ ...hello, temperature: 'hot' }), ...request },
  { what: 'half a million brackets', ...asJson, data: Buffer.from('['.repeat(500_000)), ...request },
  { what: "OpenAI's form", ...asJson, data: Buffer.from('{"messages":[{"role":"user","content":"Hi."}]}'), ...request },
  { what: 'no chat', ...asJson, data: Buffer.from('{}'), ...request, fields: ['chat'] },
  { what: 'nothing as protobuf', ...asProtobuf, data: new Uint8Array(), ...request, fields: ['chat'] },
  { what: 'no messages', ...asJson, data: json({}), ...request, fields: ['messages'] },
  {
    what: 'half a surrogate pair',
    ...asJson,
    data: json({ messages: [user('\ud800')] }),
    ...request,
  },
  { what: 'bytes that are no message', ...asProtobuf, data: Buffer.from('{"chat":{}}'), ...request },
  { what: 'protobuf that is not UTF-8', ...asProtobuf, data: notUtf8(), ...request },
  { what: 'an empty message', ...asProtobuf, data: protobuf(''), ...request, fields: ['messages[0].content'] },
  {
    what: '2 MB',
    ...asProtobuf,
    data: protobuf('x'.repeat(2_000_000)),
    http: 400,
    reason: 'REQUEST_TOO_LARGE',
    fields: ['request'],
  },
  {
    what: 'a model nobody has',
    ...asJson,
    data: json({ ...hello, model: 'gpt-99' }),
    http: 404,
    reason: 'MODEL_NOT_FOUND',
    fields: ['model'],
  },
  {
    what: 'a model nobody has, as protobuf',
    ...asProtobuf,
    data: protobuf('Hello.', 'gpt-99'),
    http: 404,
    reason: 'MODEL_NOT_FOUND',
    fields: ['model'],
  },
  {
    what: 'a model whose name has two lines',
    ...asJson,
    data: json({ ...hello, model: 'gpt\n99' }),
    http: 404,
    reason: 'MODEL_NOT_FOUND',
    fields: ['model'],
  },
  {
    what: 'a content type nobody reads',
    ...asJson,
    data: json(hello),
    headers: { 'content-type': 'text/xml' },
    ...request,
    fields: ['content-type'],
  },
  {
    what: 'a stream that is neither wanted nor not',
    ...asJson,
    data: json(hello),
    headers: { 'x-refrain-stream': 'yes' },
    ...request,
    fields: ['x-refrain-stream'],
  },
  {
    what: 'a deadline that is no number',
    ...asJson,
    data: json(hello),
    headers: { 'x-refrain-timeout-ms': 'soon' },
    ...request,
    fields: ['x-refrain-timeout-ms'],
  },
  {
    what: 'a client that is no tenant',
    ...asJson,
    data: json(hello),
    client: 'stranger',
    http: 403,
    reason: 'UNKNOWN_CLIENT',
    fields: [],
  },
];
