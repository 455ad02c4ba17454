/**
 * What its class means for a question's life by meaning: whether similarity may answer it at all, and how much of the operator's budget
 * of wrong hits it gets. One function for router, cache and measurements; the partition never depends on it, for a paraphrase may be of
 * another class.
 */
import { type Classification, Complexity, Task } from '@refrain/contracts';
import { hasOddCharacters } from './hardening/odd-characters.ts';
import { type AdmissionClass, admissionClass } from './signature/admission-class.ts';

/** Why a question is never answered by similarity, whatever is stored. */
export type SemanticRefusal =
  | 'empty'
  | 'too_long'
  | 'code'
  | 'odd_characters'
  | Exclude<AdmissionClass['reason'], 'reusable'>;

/** What a class may do. */
export interface SemanticPolicy {
  /** Absent where meaning may be compared. */
  readonly refusal?: SemanticRefusal | undefined;
  /** Part of `maxWrongHitRate` it may use up, over 0 to 1. */
  readonly budgetShare: number;
}

/** The embedder reads 256 word pieces; a longer question would be compared by its head alone. */
const maximumQuestionCharacters = 1000;

const codeBlock =
  /```|^(?: {2,}|\t)\S.*[;{}]\s*$|^\s*(?:def|class|function|const|let|var|import|#include)\b.*[:{;()]\s*$/m;

/** Decides it from the question and its class alone. */
export function semanticPolicy(classification: Classification, question: string): SemanticPolicy {
  return { refusal: refusalOfClass(classification, question), budgetShare: budgetShareOf(classification, question) };
}

/**
 * Code answers hang on every sign, and sums on every figure: they get a part of the budget. Code in a prompt is compared by nobody;
 * questions about code are, by this stricter measure.
 */
export function budgetShareOf({ task, complexity }: Classification, question: string): number {
  if (task === Task.CODE) return 0.5;
  if (task === Task.REASONING && /\p{N}/u.test(question)) return 0.5;
  return complexity === Complexity.COMPLEX ? 0.5 : 1;
}

function refusalOfClass({ task }: Classification, question: string): SemanticRefusal | undefined {
  if (question.trim() === '') return 'empty';
  if (question.length > maximumQuestionCharacters) return 'too_long';
  if (hasOddCharacters(question)) return 'odd_characters';
  if (task === Task.CODE && codeBlock.test(question)) return 'code';
  const { label, reason } = admissionClass(question);
  return label === 'ok' || reason === 'reusable' ? undefined : reason;
}
