import { type Chat, type Classification, Role } from '@refrain/contracts';
import { isFlagged } from './hardening/flagged.ts';
import { questionOf } from './question.ts';
import { type SemanticRefusal, semanticPolicy } from './semantic-policy.ts';

/** What the cache may do for a request, and why not where it may not. */
export interface Cacheability {
  /** Whether the same request may be answered alike: looked up by its exact key, and shared while it is in flight. */
  readonly exact: boolean;
  readonly exactReason: 'temperature' | 'tools' | 'images' | 'response_format' | undefined;
  /** Whether its answer may be kept. What is flagged may be looked up, for its own bytes answer nobody else, and is never stored. */
  readonly store: boolean;
  readonly storeReason: Cacheability['exactReason'] | 'flagged';
  /** Whether meaning may answer it, or find its answer for others. */
  readonly semantic: boolean;
  readonly semanticReason: Cacheability['storeReason'] | SemanticRefusal | 'dialogue' | undefined;
}

/**
 * Decides it from the request alone, so that router, cache and measurements agree. What may be stored and what meaning may answer is
 * decided when somebody asks: it takes the question apart, which an exact hit has no need of. So is the class, where it is told by what
 * makes it.
 */
export function cacheability(
  chat: Chat,
  classification: Classification | (() => Classification),
  maximumTemperature: number,
): Cacheability {
  const exactReason = whyNotExact(chat, maximumTemperature);
  const made = () => (typeof classification === 'function' ? classification() : classification);
  const storeReason = once(() => exactReason ?? (isFlagged(chat) ? 'flagged' : undefined));
  const semanticReason = once(() => storeReason() ?? whyNotSemantic(chat, made()));
  return {
    exact: exactReason === undefined,
    exactReason,
    get store() {
      return storeReason() === undefined;
    },
    get storeReason() {
      return storeReason();
    },
    get semantic() {
      return semanticReason() === undefined;
    },
    get semanticReason() {
      return semanticReason();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function whyNotExact(chat: Chat, maximumTemperature: number): Cacheability['exactReason'] {
  if ((chat.temperature ?? 0) > maximumTemperature) return 'temperature';
  if (chat.tools.length > 0) return 'tools';
  if (chat.responseFormat && chat.responseFormat.type !== 'text') return 'response_format';
  const hasImage = chat.messages.some(({ parts }) => parts.some(({ content }) => content.case === 'image'));
  return hasImage ? 'images' : undefined;
}

/** By meaning only what would be answered the same tomorrow. A turn that points back has its dialogue to be compared in (`waysOf`). */
function whyNotSemantic(chat: Chat, classification: Classification): Cacheability['semanticReason'] {
  const before = chat.messages.slice(0, -1);
  if (before.some(({ role, toolCalls }) => role === Role.TOOL || toolCalls.length > 0)) return 'dialogue';
  const isDialogue = before.some(({ role }) => role !== Role.SYSTEM);
  const { refusal } = semanticPolicy(classification, questionOf(chat));
  return refusal === 'follow_up' && isDialogue ? undefined : refusal;
}
