import { type Chat, type Classification, Role, Task } from '@refrain/contracts';
import { questionOf } from './question.ts';

/** What the cache may do for a request, and why not where it may not. */
export interface Cacheability {
  readonly exact: boolean;
  readonly exactReason?: 'temperature' | 'tools' | 'images' | 'response_format';
  readonly semantic: boolean;
  readonly semanticReason?:
    | Cacheability['exactReason']
    | 'dialogue'
    | 'code'
    | 'volatile'
    | 'needs_context'
    | 'too_long'
    | 'empty';
}

/** The embedder reads 256 word pieces; a longer question would be compared by its head alone. */
export const maximumQuestionCharacters = 1000;

/** Decides it from the request alone, so that router, cache and measurements agree. */
export function cacheability(chat: Chat, classification: Classification, maximumTemperature: number): Cacheability {
  const exactReason = whyNotExact(chat, maximumTemperature);
  if (exactReason) return { exact: false, exactReason, semantic: false, semanticReason: exactReason };
  const semanticReason = whyNotSemantic(chat, classification);
  return semanticReason ? { exact: true, semantic: false, semanticReason } : { exact: true, semantic: true };
}

function whyNotExact(chat: Chat, maximumTemperature: number): Cacheability['exactReason'] {
  if ((chat.temperature ?? 0) > maximumTemperature) return 'temperature';
  if (chat.tools.length > 0) return 'tools';
  if (chat.responseFormat && chat.responseFormat.type !== 'text') return 'response_format';
  const hasImage = chat.messages.some(({ parts }) => parts.some(({ content }) => content.case === 'image'));
  return hasImage ? 'images' : undefined;
}

function whyNotSemantic(chat: Chat, classification: Classification): Cacheability['semanticReason'] {
  const question = questionOf(chat);
  if (question.trim() === '') return 'empty';
  const isDialogue = chat.messages.slice(0, -1).some(({ role }) => role !== Role.SYSTEM);
  if (isDialogue) return 'dialogue';
  if (question.length > maximumQuestionCharacters) return 'too_long';
  if (classification.task === Task.CODE) return 'code';
  if (classification.volatile) return 'volatile';
  return classification.needsContext ? 'needs_context' : undefined;
}
