import { create } from '@bufbuild/protobuf';
import { type Chat, MessageSchema, Role } from '@refrain/contracts';
import { textOf } from './question.ts';

/** A role asked for as a model's name: what it is told to be, and who plays it, the preferred one first. */
export interface Profile {
  readonly system: string;
  readonly try: readonly string[];
}

/**
 * Puts a profile's system prompt before the chat that asks for it, in place; once, also when it is called again. It comes before the
 * key is made: another prompt makes another key.
 */
export function applyProfile(chat: Chat, profiles: Readonly<Record<string, Profile>>): void {
  const profile = Object.hasOwn(profiles, chat.model) ? profiles[chat.model] : undefined;
  if (!profile) return;
  const system = profile.system.normalize('NFC');
  const first = chat.messages[0];
  if (first?.role === Role.SYSTEM && textOf(first) === system) return;
  const parts = [{ content: { case: 'text' as const, value: system } }];
  chat.messages.unshift(create(MessageSchema, { role: Role.SYSTEM, parts }));
}
