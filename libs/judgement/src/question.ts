import type { Chat, Message } from '@refrain/contracts';

/** The text of a message, its text parts joined by line ends; pictures count for nothing. */
export function textOf(message: Message): string {
  const [only] = message.parts;
  if (message.parts.length === 1 && only?.content.case === 'text') return only.content.value;
  return message.parts.flatMap(({ content }) => (content.case === 'text' ? [content.value] : [])).join('\n');
}

/** What is asked: the text of the last message. */
export function questionOf(chat: Chat): string {
  const last = chat.messages.at(-1);
  return last ? textOf(last) : '';
}
