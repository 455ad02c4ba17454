/**
 * What a prompt is taken for. The operator's rules speak first where they are clear: short without code is simple; steps in order, or a
 * word of the list, make it complex. Between them the prompt model decides, and where it is not sure either, the class is medium and the
 * task is told by words. A bounded head of each user turn is read, every pattern is linear, and it never fails. A dialogue keeps the
 * highest class of its user turns, so that "and now shorter" does not move a conversation to a weaker model.
 */
import { create } from '@bufbuild/protobuf';
import { type Chat, type Classification, ClassificationSchema, Complexity, Role, Task } from '@refrain/contracts';
import { needsItsDialogue } from './dialogue/ways.ts';
import type { PromptJudgement, TaskName } from './prompt/model.ts';
import { judgePrompt, shippedMeaningWeights } from './prompt/shipped.ts';
import { textOf } from './question.ts';
import { isFollowUpQuestion, isVolatileQuestion } from './signature/admission-class.ts';

/** Says what a prompt is taken for. */
export interface Classifier {
  classify(chat: Chat): Classification;
  /**
   * The class with what the embedding of the chat's only question adds. Complexity stays, and so do all marks that the cache goes by; a
   * dialogue's stays whole, for what "and now shorter" was embedded to says nothing of it. A vector of another length changes nothing.
   */
  refine(chat: Chat, classification: Classification, vector: Float32Array): Classification;
}

/** Set in `refrain.yaml`. */
export interface LexicalThresholds {
  readonly simpleBelowCharacters: number;
  readonly complexWords: readonly string[];
}

const scannedCharacters = 8000;
const scannedTurns = 20;
const asksWhy = /^\W{0,9}why\b/i;
/** The model abstains below these margins, in the units of its scores. */
const leastTaskMargin = 0.25;
const leastLevelMargin = 0.08;

const codeMarks =
  /```|\bfunction\s*\w*\s*\(|\bdef \w+\(|\bclass \w+\s*[:{(]|#include\b|=>|\bconst \w+\s*=|\bimport \w+|;\s*$|\bselect\b[^.?!]{1,80}\bfrom\b|\btraceback\b|<\/?[a-z]+>/im;
const codeWords =
  /\b(?:code|coding|function|python|javascript|typescript|java|rust|golang|kotlin|c\+\+|c#|php|sql|regex|bash|script|compile|compiler|debug|stack trace|unit tests?|refactor|algorithm|api endpoint|dockerfile|npm|git)\b/i;
const uiWords =
  /\b(?:ui|ux|css|html|landing page|web ?page|website|navbar|frontend|front-end|tailwind|react component|button|layout|wireframe|mockup|dark mode|todo app)\b/i;
const reasoningWords =
  /\b(?:why|prove|proof|calculate|compute|solve|derive|step by step|how many|how much|probability|equation|theorem|logic|deduce|infer|reason)\b/i;

const tasks: Readonly<Record<TaskName, Task>> = {
  code: Task.CODE,
  reasoning: Task.REASONING,
  text: Task.TEXT,
  ui: Task.UI,
};
const complexities = {
  simple: Complexity.SIMPLE,
  medium: Complexity.MEDIUM,
  complex: Complexity.COMPLEX,
} as const;

/** Rules and prompt model; an embedding only refines. Thresholds and words come from `refrain.yaml`. */
export function createLexicalClassifier(thresholds: LexicalThresholds): Classifier {
  const words = thresholds.complexWords.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const complexWord =
    words.length > 0 ? new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'iu') : undefined;
  return { classify: (chat) => classify(chat, thresholds.simpleBelowCharacters, complexWord), refine };
}

function refine(chat: Chat, classification: Classification, vector: Float32Array): Classification {
  const [only, ...others] = chat.messages.filter(({ role }) => role === Role.USER);
  if (!only || others.length > 0 || vector.length !== shippedMeaningWeights.dimensions) return classification;
  const text = textOf(only);
  const judgement = judgePrompt(text, vector);
  const task = taskOf(text.slice(0, scannedCharacters), judgement);
  return { ...classification, task, need: judgement.need, withEmbedding: true };
}

function classify(chat: Chat, simpleBelow: number, complexWord: RegExp | undefined): Classification {
  const turns = chat.messages.filter(({ role }) => role === Role.USER);
  const recent = turns.slice(-scannedTurns).map((turn) => textOf(turn));
  const last = recent.at(-1) ?? '';
  let complexity: Complexity = Complexity.SIMPLE;
  let [reason, score, need] = ['short', 0, 0];
  for (const turn of recent) {
    const judgement = judgePrompt(turn);
    const judged = judgeComplexity(turn, judgement, simpleBelow, complexWord);
    if (judged.complexity > complexity) ({ complexity, reason } = judged);
    score = Math.max(score, Math.min(1, judgement.level / 2));
    need = Math.max(need, judgement.need);
  }
  const head = last.slice(0, scannedCharacters);
  return create(ClassificationSchema, {
    task: taskOf(head, judgePrompt(last)),
    complexity,
    // By the very functions that decide what meaning may answer.
    volatile: isVolatileQuestion(head),
    needsContext: isFollowUpQuestion(head) || needsItsDialogue(chat),
    reason,
    complexityScore: score,
    need,
  });
}

function judgeComplexity(
  whole: string,
  { complexity, levelMargin }: PromptJudgement,
  simpleBelow: number,
  complexWord: RegExp | undefined,
): { complexity: Complexity; reason: string } {
  const head = whole.slice(0, scannedCharacters);
  if (whole.length < simpleBelow && !codeMarks.test(head)) return { complexity: Complexity.SIMPLE, reason: 'short' };
  if (hasSteps(head)) return { complexity: Complexity.COMPLEX, reason: 'steps' };
  const word = complexWord?.exec(head)?.[0];
  if (word) return { complexity: Complexity.COMPLEX, reason: `word:${word.toLowerCase()}` };
  const isBelowRules = complexity === 'simple' && codeMarks.test(head);
  if (levelMargin < leastLevelMargin || isBelowRules) return { complexity: Complexity.MEDIUM, reason: 'default' };
  return { complexity: complexities[complexity], reason: 'model' };
}

/** "first … then … finally", in this order. */
function hasSteps(head: string): boolean {
  const marks = [/\bfirst(?:ly)?\b/gi, /\bthen\b/gi, /\bfinally\b/gi];
  let from = 0;
  for (const mark of marks) {
    mark.lastIndex = from;
    if (!mark.exec(head)) return false;
    from = mark.lastIndex;
  }
  return true;
}

function taskOf(head: string, { task, taskMargin }: PromptJudgement): Task {
  if (codeMarks.test(head)) return Task.CODE;
  if (asksWhy.test(head) && task === 'text') return Task.REASONING;
  if (taskMargin >= leastTaskMargin) return tasks[task];
  if (codeWords.test(head)) return Task.CODE;
  if (uiWords.test(head)) return Task.UI;
  return reasoningWords.test(head) ? Task.REASONING : tasks[task];
}
