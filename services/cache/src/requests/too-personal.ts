import type { Chat } from '@refrain/contracts';
import { holdsPersonalData } from '@refrain/judgement';
import type { Settings } from './settings.ts';

/** Whether an answer is to be left out because it, or anything in its chat, holds personal data. */
export function isTooPersonal(chat: Chat, answer: string, { personalData }: Settings['cache']): boolean {
  if (personalData === 'keep') return false;
  const parts = chat.messages.flatMap((message) => message.parts);
  const texts = parts.flatMap(({ content }) => (content.case === 'text' ? [content.value] : []));
  return [answer, ...texts].some(holdsPersonalData);
}
