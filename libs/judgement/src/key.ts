/**
 * The exact key: SHA-256 over a canonical, length-prefixed, versioned text of every field that can change the answer. The
 * tables below name each field of the request; a field added to the contract without a decision here does not compile.
 */
import { hash } from 'node:crypto';
import type { UnknownField } from '@bufbuild/protobuf';
import type { Chat, Image, Message, Part, ResponseFormat, Tool, ToolCall, ToolChoice } from '@refrain/contracts';
import { languageOf } from './language.ts';
import { questionOf } from './question.ts';

const version = 'refrain-key-1';

type Field<M> = Exclude<keyof M, '$typeName' | '$unknown'>;
/** For each field how it is written; every field must be there. */
type Encoding<M> = { readonly [K in Field<M>]-?: (message: M) => string };

/** What a key is made for, beside the chat. */
export interface KeyScope {
  readonly tenant: string;
  /** `policyVersion` of the cache's configuration. */
  readonly policy: string;
  /** What an omitted `max_tokens` means, so that saying it and leaving it out are the same request. */
  readonly defaultMaxTokens: number;
}

/** A text that cannot run into its neighbour: its length stands before it. */
const text = (value: string): string => `${value.length}:${value}`;
const optional = (value: string | number | bigint | boolean | undefined): string =>
  value === undefined ? '-' : text(String(value));
const list = <T>(values: readonly T[], encode: (value: T) => string): string => {
  let result = `${values.length}[`;
  for (const value of values) result += encode(value);
  return `${result}]`;
};
const encoder = <M>(encoding: Encoding<M>): ((message: M) => string) => {
  const fields = Object.values(encoding) as ((message: M) => string)[];
  return (message) => {
    let result = '{';
    for (const field of fields) result += field(message);
    const { $unknown } = message as { $unknown?: readonly UnknownField[] };
    return `${result}${$unknown ? list($unknown, encodeUnknown) : ''}}`;
  };
};

/** A field of a newer contract than ours: we cannot know what it changes, so requests that differ in it share nothing. */
const encodeUnknown = ({ no, wireType, data }: UnknownField): string =>
  text(`${no}/${wireType}/${Buffer.from(data).toString('base64')}`);

const encodeImage = encoder<Image>({ url: ({ url }) => text(url), detail: ({ detail }) => text(detail) });

const encodePart = encoder<Part>({
  content: ({ content }) => {
    if (content.case === 'text') return `t${text(content.value)}`;
    return content.case === 'image' ? `i${encodeImage(content.value)}` : '-';
  },
});

const encodeToolCall = encoder<ToolCall>({
  id: ({ id }) => text(id),
  name: ({ name }) => text(name),
  argumentsJson: ({ argumentsJson }) => text(argumentsJson),
  index: ({ index }) => text(String(index)),
});

const besideParts = {
  role: ({ role }: Message) => text(String(role)),
  name: ({ name }: Message) => text(name),
  toolCalls: ({ toolCalls }: Message) => list(toolCalls, encodeToolCall),
  toolCallId: ({ toolCallId }: Message) => text(toolCallId),
};

const encodeMessage = encoder<Message>({ ...besideParts, parts: ({ parts }) => list(parts, encodePart) });

/** The asking message without its texts, which meaning compares; who says it still counts. */
const encodeAsker = encoder<Message>({ ...besideParts, parts: () => '' });

const encodeTool = encoder<Tool>({
  name: ({ name }) => text(name),
  description: ({ description }) => text(description),
  parametersJson: ({ parametersJson }) => text(parametersJson),
  strict: ({ strict }) => optional(strict),
});

const encodeToolChoice = encoder<ToolChoice>({ mode: ({ mode }) => text(mode), name: ({ name }) => text(name) });

const encodeFormat = encoder<ResponseFormat>({
  type: ({ type }) => text(type),
  schemaName: ({ schemaName }) => text(schemaName),
  schemaJson: ({ schemaJson }) => text(schemaJson),
  strict: ({ strict }) => optional(strict),
});

const settings = {
  model: ({ model }: Chat) => text(model === '' ? 'auto' : model),
  tools: ({ tools }: Chat) => list(tools, encodeTool),
  toolChoice: ({ toolChoice }: Chat) => (toolChoice ? encodeToolChoice(toolChoice) : '-'),
  parallelToolCalls: ({ parallelToolCalls }: Chat) => optional(parallelToolCalls),
  responseFormat: ({ responseFormat }: Chat) => (responseFormat ? encodeFormat(responseFormat) : '-'),
  temperature: ({ temperature }: Chat) => optional(temperature),
  topP: ({ topP }: Chat) => optional(topP),
  // Written by `digest`, which knows what an omitted one means.
  maxTokens: () => '',
  seed: ({ seed }: Chat) => optional(seed),
  stop: ({ stop }: Chat) => list(stop, text),
  presencePenalty: ({ presencePenalty }: Chat) => optional(presencePenalty),
  frequencyPenalty: ({ frequencyPenalty }: Chat) => optional(frequencyPenalty),
  reasoningEffort: ({ reasoningEffort }: Chat) => text(reasoningEffort),
};

const encodeChat = encoder<Chat>({ ...settings, messages: ({ messages }) => list(messages, encodeMessage) });
const encodeWithoutQuestion = encoder<Chat>({
  ...settings,
  messages: ({ messages }) => list(messages.slice(0, -1), encodeMessage) + list(messages.slice(-1), encodeAsker),
});

/** 64 hex digits that two requests share only if nothing that can change the answer differs. */
export function exactKey(chat: Chat, scope: KeyScope): string {
  return digest('exact', scope, encodeChat, chat);
}

/** 64 hex digits over all that must be equal before meanings may be compared: everything but the question, and its language. */
export function partitionKey(chat: Chat, scope: KeyScope): string {
  return digest(`partition/${languageOf(questionOf(chat))}`, scope, encodeWithoutQuestion, chat);
}

/** How the cache is run and watched, not which stored answer answers what: shadow mode ends with all that was learned in it. */
const operation: ReadonlySet<string> = new Set([
  'shadow',
  'reviewShare',
  'breakEven',
  'alias',
  'hotVectors',
  'maximumCollections',
  'maximumEntries',
]);

/** A hash of the rules in the cache's section of `refrain.yaml`: when they change, what was stored under the old ones is not found. */
export function policyVersion(cacheSection: unknown): string {
  const rules = JSON.stringify(cacheSection, (name, value) => (operation.has(name) ? undefined : value));
  return hash('sha256', rules, 'hex').slice(0, 16);
}

function digest(purpose: string, scope: KeyScope, encode: (chat: Chat) => string, chat: Chat): string {
  const head = version + text(purpose) + text(scope.tenant) + text(scope.policy);
  const maxTokens = text(String(chat.maxTokens ?? scope.defaultMaxTokens));
  return hash('sha256', head + maxTokens + encode(chat), 'hex');
}
