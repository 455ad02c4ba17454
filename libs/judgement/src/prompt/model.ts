/**
 * The prompt model: linear heads over one vocabulary and over a prompt's shape, all evaluated in one pass of at most 1 ms. `need` says how
 * much a strong model gains over a weak one, four heads say what kind of work is asked, `level` how hard it is. Weights are fitted by
 * `loadtest/src/quality/routing/fit-prompts.ts` and quantised to a byte each.
 */
import { createMeaning, type MeaningWeights, mixed } from './meaning.ts';
import { readPrompt } from './read.ts';
import { type Form, formOf } from './shape.ts';
import { type Vocabulary, weigh } from './vocabulary.ts';

/** The kinds of work. */
export const taskNames = ['code', 'reasoning', 'text', 'ui'] as const;
export type TaskName = (typeof taskNames)[number];

/** The heads, in the order of the weights. */
export const headNames = ['need', ...taskNames, 'level'] as const;
export type HeadName = (typeof headNames)[number];

/** Shares of other heads in `need`, by form. */
export type NeedOf = Readonly<Record<Form, { readonly task: number; readonly level: number }>>;

/** Weights as they ship. */
export interface PromptWeights {
  /** Digests of the files whose rows were fitted on. */
  readonly fittedOn: Readonly<Record<string, string>>;
  /** Terms of each form, parted by line feeds. */
  readonly terms: Readonly<Record<keyof Vocabulary, string>>;
  /** Base64 of a byte for each term: its rarity times `raritySteps`. */
  readonly rarity: string;
  readonly heads: Readonly<Record<HeadName, HeadWeights>>;
  /**
   * How much the kind of work and the level tell of the need, by form: of a quiz or a sum the terms say it better, of an open prompt they say little
   * beside what kind of work it is and how hard.
   */
  readonly needOf: NeedOf;
  /** Scores of `need` by rank: the least, then the score that each further twentieth of the fitted prompts is below. */
  readonly needRanks: readonly number[];
  /** Scores of `level` from which on a prompt is medium, and complex. */
  readonly cuts: readonly [number, number];
}

/** One head. */
export interface HeadWeights {
  readonly bias: number;
  /** One for each of `shapeNames`. */
  readonly shape: readonly number[];
  /** What a step of the terms' weights is worth. */
  readonly step: number;
  /** Base64 of a signed byte for each term. */
  readonly terms: string;
}

/** What the model says of a prompt. */
export interface PromptJudgement {
  /** How much a strong model would gain: the share, 0 to 1, of the prompts it was fitted on that need it less. */
  readonly need: number;
  readonly task: TaskName;
  /** How far the task's score is above the next. */
  readonly taskMargin: number;
  /** About 0 (simple) to 2 (complex). */
  readonly level: number;
  readonly complexity: 'simple' | 'medium' | 'complex';
  /** How far the level is from the nearest cut. */
  readonly levelMargin: number;
}

/** Steps of rarity in a byte for each unit. */
export const raritySteps = 20;

/**
 * Judges a prompt by its words, and where its embedding is given by that too. An embedding only lowers the need: a dialogue's earlier turns
 * come without theirs, and what goes on must not fall to a weaker model for that. Of a sum in words it says nothing that words do not.
 */
export type PromptModel = (text: string, vector?: Float32Array) => PromptJudgement;

/** A model of these weights; it reads a bounded head of the text and never throws, whatever the text holds. */
export function createPromptModel(weights: PromptWeights, ofMeaning?: MeaningWeights): PromptModel {
  const meaning = ofMeaning && createMeaning(ofMeaning);
  const vocabulary = vocabularyOf(weights);
  const rarity = Uint8Array.from(Buffer.from(weights.rarity, 'base64'), Number);
  const heads = headNames.map((name) => {
    const { terms, ...rest } = weights.heads[name];
    return { ...rest, terms: Int8Array.from(Buffer.from(terms, 'base64')) };
  });
  return (text, vector) => {
    const { head, tokens, shape } = readPrompt(text);
    const { places, weights: weighed } = weigh(head, tokens, vocabulary, rarity);
    const words = heads.map((head) => {
      let ofTerms = 0;
      for (let i = 0; i < places.length; i += 1) ofTerms += (head.terms[places[i] ?? 0] ?? 0) * (weighed[i] ?? 0);
      return head.shape.reduce((sum, weight, i) => sum + weight * (shape[i] ?? 0), head.bias) + ofTerms * head.step;
    });
    const form = formOf(head);
    const other = vector && meaning?.(vector);
    const byWords = judgementOf(words, form, weights);
    if (!other || !ofMeaning) return byWords;
    const both = judgementOf(mixed(words, other, form, ofMeaning.shares), form, weights);
    return { ...both, need: form === 'sum' ? byWords.need : Math.min(both.need, byWords.need) };
  };
}

/** The score of `need` of the heads' scores for a prompt of this form. */
export function needScore(scores: readonly number[], form: Form, needOf: NeedOf): number {
  const [need = 0, code = 0, reasoning = 0, text = 0, , level = 0] = scores;
  return need + (needOf[form].task * (code + reasoning - text)) / 2 + needOf[form].level * level;
}

function judgementOf(
  scores: readonly number[],
  form: Form,
  { needRanks, needOf, cuts }: PromptWeights,
): PromptJudgement {
  const tasks = taskNames
    .map((name, i) => ({ name, score: scores[i + 1] ?? 0 }))
    .sort((one, other) => other.score - one.score);
  const level = scores[5] ?? 0;
  return {
    need: rankOf(needScore(scores, form, needOf), needRanks),
    task: tasks[0]?.name ?? 'text',
    taskMargin: (tasks[0]?.score ?? 0) - (tasks[1]?.score ?? 0),
    level,
    complexity: level < cuts[0] ? 'simple' : level < cuts[1] ? 'medium' : 'complex',
    levelMargin: Math.min(Math.abs(level - cuts[0]), Math.abs(level - cuts[1])),
  };
}

/** Where a score stands among ranks that are evenly spaced from 0 to 1. */
function rankOf(score: number, ranks: readonly number[]): number {
  const above = ranks.findIndex((rank) => score < rank);
  if (above === 0) return 0;
  if (above < 0) return 1;
  const [low = 0, high = 0] = ranks.slice(above - 1, above + 1);
  return (above - 1 + (score - low) / (high - low)) / (ranks.length - 1);
}

function vocabularyOf({ terms }: PromptWeights): Vocabulary {
  let place = 0;
  const mapOf = (lines: string) => new Map(lines === '' ? [] : lines.split('\n').map((term) => [term, place++]));
  return { open: mapOf(terms.open), choices: mapOf(terms.choices), sum: mapOf(terms.sum) };
}
