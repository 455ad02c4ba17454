/**
 * Chance that stays: who asks and what the conversation began with decide, so that a retry, and the next turn, go where the first went.
 */
import { hash } from 'node:crypto';
import { type Chat, Role } from '@refrain/contracts';
import { textOf } from './question.ts';

const readCharacters = 2000;

/** What a conversation is known by: the same for all its turns, other for another user. */
export function conversationKey(caller: { readonly tenant: string; readonly user: string }, chat: Chat): string {
  const first = chat.messages.find(({ role }) => role === Role.USER);
  const opening = first ? textOf(first).slice(0, readCharacters) : '';
  return hash('sha256', JSON.stringify([caller.tenant, caller.user, opening]));
}

/** Whether a conversation is among so many of a hundred; each `name` draws anew. */
export function isAmong(percent: number, name: string, key: string): boolean {
  return uniform(name, key) * 100 < percent;
}

/**
 * The items in an order in which each comes first as often as its weight says. A change of one weight moves no conversation between
 * two others (weighted rendezvous hashing).
 */
export function drawOrder<T>(items: readonly T[], of: (item: T) => { name: string; weight: number }, key: string): T[] {
  const race = items.map((item) => {
    const { name, weight } = of(item);
    return { item, time: -Math.log(uniform(name, key)) / weight };
  });
  return race.sort((a, b) => a.time - b.time).map(({ item }) => item);
}

/** From above 0 to 1. */
function uniform(name: string, key: string): number {
  return (Number.parseInt(hash('sha256', `${key}\0${name}`).slice(0, 12), 16) + 1) / 2 ** 48;
}
