/**
 * In which sets of stored questions a chat's question may be looked for by meaning, and what for. Its own set shares everything but the
 * question, the dialogue before it word for word: an answer is stored there and nowhere else, so that no dialogue can lead what those
 * who ask out of the blue are told. A question in a dialogue that binds nothing may also be answered from the set of those that were
 * asked alone, under the same system prompt and the same settings: as it stands, where it stands alone, or written out, where it points back.
 */
import { type Chat, Role } from '@refrain/contracts';
import { type KeyScope, partitionKey } from '../key.ts';
import { questionOf } from '../question.ts';
import { freeHistory } from './bound.ts';
import { standaloneForms } from './standalone.ts';
import { standsAlone } from './stands-alone.ts';

/** One set to look in. */
export interface Way {
  /** `partitionKey` of the set. */
  readonly partition: string;
  /** What to look for by its vector, likeliest first; a stored question's cosine is that with the nearest of them. */
  readonly texts: readonly string[];
  /** For a follow-up, the asker's turns that it points back to: goes to the verifier. Empty where the question is compared as it is. */
  readonly history: readonly string[];
  /** Part of the budget of wrong hits, over 0 to 1: few words in an equal dialogue say less than a whole question does. */
  readonly budgetShare: number;
}

/** The sets, its own first. */
export function waysOf(chat: Chat, scope: KeyScope): Way[] {
  const question = questionOf(chat);
  const own = { partition: partitionKey(chat, scope), texts: [question], history: [] };
  if (!isDialogue(chat)) return [{ ...own, budgetShare: 1 }];
  const history = freeHistory(chat);
  const isAlone = history !== undefined && standsAlone(history, question);
  const ways: Way[] = [{ ...own, budgetShare: isAlone ? 1 : 0.5 }];
  if (history === undefined) return ways;
  const texts = isAlone ? [question] : standaloneForms(history, question);
  const partition = partitionKey(withoutDialogue(chat), scope);
  if (texts.length > 0) ways.push({ partition, texts, history: isAlone ? [] : history, budgetShare: 1 });
  return ways;
}

/** Whether a question cannot be told from its own words what it asks. */
export function needsItsDialogue(chat: Chat): boolean {
  if (!isDialogue(chat)) return false;
  const history = freeHistory(chat);
  return history === undefined || !standsAlone(history, questionOf(chat));
}

function isDialogue({ messages }: Chat): boolean {
  return messages.slice(0, -1).some(({ role }) => role !== Role.SYSTEM);
}

/** The chat as it were, had the question been asked out of the blue. */
function withoutDialogue(chat: Chat): Chat {
  const last = chat.messages.length - 1;
  return { ...chat, messages: chat.messages.filter(({ role }, i) => role === Role.SYSTEM || i === last) };
}
