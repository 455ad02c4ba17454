/** Chats that the adapters' tests translate. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Chat, ChatSchema, Role } from '@refrain/contracts';

type ChatFields = Exclude<MessageInitShape<typeof ChatSchema>, { $typeName: string }>;

const text = (value: string) => ({ content: { case: 'text' as const, value } });
const image = (url: string, detail = '') => ({ content: { case: 'image' as const, value: { url, detail } } });

/** A chat with one user message, at most 100 tokens, and whatever else. */
export function chatOf(question: string, more: ChatFields = {}): Chat {
  return create(ChatSchema, { messages: [{ role: Role.USER, parts: [text(question)] }], maxTokens: 100, ...more });
}

/** A chat whose one user message has a picture. */
export function pictureChat(url: string): Chat {
  return chatOf('', { messages: [{ role: Role.USER, parts: [text('Look'), image(url)] }] });
}

/** All roles: a picture, a call of a tool, its result, a last question. */
export const dialogue: Chat = create(ChatSchema, {
  messages: [
    { role: Role.SYSTEM, parts: [text('Be brief.')] },
    { role: Role.USER, parts: [text('What is this?'), image('https://x.test/a.png', 'low')] },
    { role: Role.ASSISTANT, toolCalls: [{ id: 'call_1', name: 'look', argumentsJson: '{"at":"a"}' }] },
    { role: Role.TOOL, toolCallId: 'call_1', parts: [text('a cat')] },
    { role: Role.USER, parts: [text('Sure?')] },
  ],
});

/** A chat that offers the tool `weather`. */
export function toolChat(
  mode: string,
  more: ChatFields = {},
  parametersJson = '{"type":"object","properties":{"city":{"type":"string"}}}',
): Chat {
  return chatOf('Hi', {
    tools: [{ name: 'weather', description: 'The weather', parametersJson, strict: true }],
    toolChoice: { mode, name: mode === 'function' ? 'weather' : '' },
    ...more,
  });
}

/** A body as it goes over the wire: without what is undefined. */
// biome-ignore lint/suspicious/noExplicitAny: a foreign body, compared field by field
export function jsonOf(body: object): any {
  return JSON.parse(JSON.stringify(body));
}
