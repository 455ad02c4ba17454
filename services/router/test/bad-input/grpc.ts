/** What no gRPC client should send, and what it hears. */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { CompleteRequestSchema, FeedbackRequestSchema, Role, Verdict } from '@refrain/contracts';

/** One bad call. */
export interface BadGrpc {
  readonly what: string;
  /** Of RouterService, or a whole path. */
  readonly method: string;
  readonly message: Uint8Array;
  readonly status: number;
  readonly reason?: string;
  readonly fields?: readonly string[];
}

type ChatInit = NonNullable<Exclude<MessageInitShape<typeof CompleteRequestSchema>, { $typeName: string }>['chat']>;
const says = (value: string) => ({ role: Role.USER, parts: [{ content: { case: 'text' as const, value } }] });
const asking = (chat?: ChatInit) =>
  toBinary(CompleteRequestSchema, create(CompleteRequestSchema, chat ? { chat } : {}));
const chat = (more: Exclude<ChatInit, { $typeName: string }> = {}) => asking({ messages: [says('Hello.')], ...more });
const deep = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
const statuses = { invalidArgument: 3, notFound: 5, unimplemented: 12 };
const invalid = { method: 'Complete', status: statuses.invalidArgument };

/** A text with a byte in it that is not UTF-8. */
function notUtf8(): Uint8Array {
  const bytes = Buffer.from(chat());
  bytes[bytes.indexOf('Hello.')] = 0xff;
  return bytes;
}

const asked: BadGrpc[] = [
  { what: 'no chat', ...invalid, message: asking(), fields: ['chat'] },
  { what: 'no messages', ...invalid, message: asking({}), fields: ['messages'] },
  { what: 'an empty message', ...invalid, message: asking({ messages: [says('')] }), fields: ['messages[0].content'] },
  {
    what: 'a part without content',
    ...invalid,
    message: asking({ messages: [{ role: Role.USER, parts: [{}] }] }),
    fields: ['messages[0].parts[0]', 'messages[0].content'],
  },
  {
    what: 'a role nobody knows',
    ...invalid,
    message: asking({ messages: [{ ...says('Hi.'), role: 99 as Role }] }),
    fields: ['messages[0].role', 'messages[0].role'],
  },
  {
    what: 'every fault at once',
    ...invalid,
    message: chat({ temperature: Number.NaN, topP: 2, stop: [''], maxTokens: 0 }),
    fields: ['temperature', 'top_p', 'max_tokens', 'stop'],
  },
  {
    what: 'a tool whose parameters are no JSON',
    ...invalid,
    message: chat({ tools: [{ name: 'look', parametersJson: '{' }] }),
    fields: ['tools[0].parameters'],
  },
  {
    what: 'a tool 100,000 levels deep',
    ...invalid,
    message: chat({ tools: [{ name: 'look', parametersJson: deep(100_000) }] }),
    fields: ['tools[0].parameters'],
  },
  {
    what: '2,001 messages',
    ...invalid,
    message: asking({ messages: Array.from({ length: 2001 }, () => says('Hi.')) }),
    fields: ['messages'],
  },
  {
    what: 'more faults than headers hold',
    ...invalid,
    message: asking({ messages: Array.from({ length: 2000 }, () => says('')) }),
    fields: Array.from({ length: 20 }, (_, i) => `messages[${i}].content`),
  },
  {
    what: '10 MB',
    ...invalid,
    message: asking({ messages: [says('x'.repeat(10_000_000))] }),
    reason: 'REQUEST_TOO_LARGE',
    fields: ['request'],
  },
  { what: 'a text that is not UTF-8', ...invalid, message: notUtf8(), fields: ['request'] },
  { what: 'bytes that are no message', ...invalid, message: Buffer.from('GET / HTTP/1.1'), fields: ['request'] },
  {
    what: 'a message with garbage behind it',
    ...invalid,
    message: Buffer.concat([chat(), Buffer.from([0xff, 0xff])]),
    fields: ['request'],
  },
  { what: 'a message that was cut', ...invalid, message: chat().subarray(0, 10), fields: ['request'] },
  { what: 'groups in groups without end', ...invalid, message: Buffer.alloc(900_000, 0x4b), fields: ['request'] },
  {
    what: 'a prompt longer than every model',
    ...invalid,
    message: asking({ messages: [says('word '.repeat(180_000))] }),
    reason: 'CONTEXT_LENGTH_EXCEEDED',
    fields: ['messages'],
  },
  {
    what: 'a model nobody has',
    method: 'Complete',
    status: statuses.notFound,
    message: chat({ model: 'gpt-99' }),
    reason: 'MODEL_NOT_FOUND',
    fields: ['model'],
  },
  {
    what: 'a model whose name is cut within a character',
    method: 'Complete',
    status: statuses.notFound,
    message: chat({ model: `${'x'.repeat(99)}😀` }),
    reason: 'MODEL_NOT_FOUND',
    fields: ['model'],
  },
];

/** All of them, the questions also as streams. */
export const badGrpc: readonly BadGrpc[] = [
  ...asked,
  ...asked.map((bad) => ({ ...bad, what: `${bad.what}, as a stream`, method: 'StreamComplete' })),
  {
    what: 'an explanation of nothing',
    method: 'Explain',
    status: statuses.invalidArgument,
    message: asking(),
    fields: ['chat'],
  },
  {
    what: 'feedback on nothing',
    method: 'Feedback',
    status: statuses.invalidArgument,
    message: new Uint8Array(),
    fields: ['entry_id', 'verdict'],
  },
  {
    what: 'feedback on what is no entry',
    method: 'Feedback',
    status: statuses.invalidArgument,
    message: toBinary(FeedbackRequestSchema, create(FeedbackRequestSchema, { entryId: 'e', verdict: Verdict.WRONG })),
    fields: ['entry_id'],
  },
  { what: 'a method nobody has', method: 'Guess', status: statuses.unimplemented, message: chat() },
  {
    what: 'a service nobody has',
    method: '/refrain.oracle.v1.Oracle/Ask',
    status: statuses.unimplemented,
    message: chat(),
  },
];
