/** What all adapters' `to-request` share. */
import { type Chat, type Message, Role } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { cannot } from '../upstream/failures.ts';
import { isObject, type JsonObject, tryParse } from '../upstream/json.ts';

/** A message's text parts, joined. */
export function textOfMessage(message: Message): string {
  let text = '';
  for (const part of message.parts) if (part.content.case === 'text') text += part.content.value;
  return text;
}

/** Whether a message holds nothing but text. */
export function isTextOnly(message: Message): boolean {
  return message.parts.every((part) => part.content.case === 'text');
}

/** JSON text of the request (a schema, a tool call's arguments) as an object. Throws RefrainError `invalid`. */
export function jsonObject(text: string, field: string): JsonObject {
  if (text.trim() === '') return {};
  const value = tryParse(text);
  if (isObject(value)) return value;
  throw new RefrainError('invalid', `${field} must be a JSON object.`, {
    fields: [{ field, description: 'must be a JSON object' }],
  });
}

/** The seed as a JSON number. Throws RefrainError `unsupported` beyond 2^53. */
export function seedOf(chat: Chat): number | undefined {
  if (chat.seed === undefined) return undefined;
  const seed = Number(chat.seed);
  if (!Number.isSafeInteger(seed)) throw cannot('chat.seed', 'must be below 2^53');
  return seed;
}

/** The parts of a `data:` URL; undefined for any other URL. */
export function dataUrl(url: string): { mediaType: string; base64: string } | undefined {
  const match = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.+-]+)*?(;base64)?,/i.exec(url);
  if (!match) return undefined;
  const payload = url.slice(match[0].length);
  const base64 = match[2] ? payload : Buffer.from(decodeURIComponent(payload)).toString('base64');
  return { mediaType: (match[1] ?? '').toLowerCase(), base64 };
}

/** The system messages' text, joined by blank lines, and the other messages in order. */
export function splitSystem(messages: readonly Message[]): { system: string; turns: Message[] } {
  const system = messages.filter((message) => message.role === Role.SYSTEM).map(textOfMessage);
  return {
    system: system.filter((text) => text !== '').join('\n\n'),
    turns: messages.filter((message) => message.role !== Role.SYSTEM),
  };
}

/** The name of the tool whose call a tool message answers: some upstreams ask for the name, not the id. */
export function calledTool(messages: readonly Message[], callId: string): string | undefined {
  for (const message of messages) {
    const call = message.toolCalls.find((candidate) => candidate.id === callId);
    if (call) return call.name;
  }
  return undefined;
}
