import { type Chat, type Classification, Role, Task } from '@refrain/contracts';
import { questionOf } from './question.ts';
import { admissionClass } from './signature/admission-class.ts';

/** What the cache may do for a request, and why not where it may not. */
export interface Cacheability {
  readonly exact: boolean;
  readonly exactReason: 'temperature' | 'tools' | 'images' | 'response_format' | undefined;
  readonly semantic: boolean;
  readonly semanticReason:
    | Cacheability['exactReason']
    | 'dialogue'
    | 'code'
    | 'too_long'
    | 'empty'
    | 'record'
    | 'follow_up'
    | 'action'
    | 'personal'
    | 'volatile'
    | 'feedback'
    | undefined;
}

/** The embedder reads 256 word pieces; a longer question would be compared by its head alone. */
export const maximumQuestionCharacters = 1000;

/**
 * Decides it from the request alone, so that router, cache and measurements agree. What meaning may answer is decided when somebody asks:
 * it takes the question apart, which an exact hit has no need of.
 */
export function cacheability(chat: Chat, classification: Classification, maximumTemperature: number): Cacheability {
  const exactReason = whyNotExact(chat, maximumTemperature);
  let semanticReason: { readonly why: Cacheability['semanticReason'] } | undefined;
  const whyNot = () => {
    semanticReason ??= { why: exactReason ?? whyNotSemantic(chat, classification) };
    return semanticReason.why;
  };
  return {
    exact: exactReason === undefined,
    exactReason,
    get semantic() {
      return whyNot() === undefined;
    },
    get semanticReason() {
      return whyNot();
    },
  };
}

function whyNotExact(chat: Chat, maximumTemperature: number): Cacheability['exactReason'] {
  if ((chat.temperature ?? 0) > maximumTemperature) return 'temperature';
  if (chat.tools.length > 0) return 'tools';
  if (chat.responseFormat && chat.responseFormat.type !== 'text') return 'response_format';
  const hasImage = chat.messages.some(({ parts }) => parts.some(({ content }) => content.case === 'image'));
  return hasImage ? 'images' : undefined;
}

/**
 * By meaning only what would be answered the same tomorrow. A dialogue is another matter (`resolvesTo`). Code in a prompt is compared
 * by nobody: each sign counts; questions about code are, by a stricter verifier.
 */
function whyNotSemantic(chat: Chat, { task }: Classification): Cacheability['semanticReason'] {
  const question = questionOf(chat);
  if (question.trim() === '') return 'empty';
  const isDialogue = chat.messages.slice(0, -1).some(({ role }) => role !== Role.SYSTEM);
  if (isDialogue) return 'dialogue';
  if (question.length > maximumQuestionCharacters) return 'too_long';
  if (task === Task.CODE && codeBlock.test(question)) return 'code';
  const { label, reason } = admissionClass(question);
  return label === 'ok' || reason === 'reusable' ? undefined : reason;
}

const codeBlock =
  /```|^(?: {2,}|\t)\S.*[;{}]\s*$|^\s*(?:def|class|function|const|let|var|import|#include)\b.*[:{;()]\s*$/m;
