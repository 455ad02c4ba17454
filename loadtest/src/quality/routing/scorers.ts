/**
 * By which weights a text is scored, so that no text is scored by weights that were fitted on it: those of a fit on a training folder, or
 * those that ship, or, for a folder they were fitted on, those of the same fit made without the text's fold. Each by the words alone, and
 * by the embedding too where there is one.
 */
import {
  createPromptModel,
  type PromptJudgement,
  type PromptModel,
  shippedMeaningWeights,
  shippedPromptWeights,
} from '@refrain/judgement';
import { foldsOf } from '../fit/folds.ts';
import type { Embedding } from '../vector-file.ts';
import { fitPrompts } from './fit.ts';
import { fitMeaning } from './fit-meaning.ts';
import { digestsOf, type FitRow, readFitRows } from './fit-rows.ts';

/** A text's embedding, where there is an embedder at all. */
export type VectorOf = ((text: string) => Embedding) | undefined;

/** Scores texts. */
export interface Judge {
  /** By words and, where the text has one, its embedding: as a miss is routed. */
  whole(text: string): PromptJudgement;
  /** By words alone: as a request is judged before its lookup. */
  words(text: string): PromptJudgement;
}

/** How texts are scored. */
export interface Scorers extends Judge {
  /** Said in the output. */
  readonly means: 'fit' | 'shipped' | 'cross_validation';
  /** A judge that was fitted without a source; absent where there is nothing to fit on. */
  without?: ((source: string) => Judge) | undefined;
}

/** What scorers stand on. */
export interface ScorerParts {
  readonly vectorOf: VectorOf;
  say(line: string): void;
}

const folds = 5;

/** Whose rows a fit would be made on: `--train`, or a folder that the shipped weights have seen; undefined where they have seen none of it. */
export function fitFolder(folder: string, train: string | undefined): string | undefined {
  const seen = Object.entries(digestsOf(folder)).filter(
    ([file, digest]) => (shippedPromptWeights.fittedOn as Readonly<Record<string, string>>)[file] === digest,
  );
  return train ?? (seen.length > 0 ? folder : undefined);
}

/** Chooses by what the folder is: `--train` first, then what the weights have seen. */
export function openScorers(folder: string, train: string | undefined, parts: ScorerParts): Scorers {
  const from = fitFolder(folder, train);
  if (!from) {
    parts.say('scored by the shipped weights, which have seen none of these files');
    return { means: 'shipped', ...shipped(parts) };
  }
  const rows = readFitRows(from);
  const without = leaveOut(rows, parts);
  if (train) {
    parts.say(`fitted on ${train}`);
    return { means: 'fit', ...fitted(rows, parts), without };
  }
  parts.say(`the shipped weights were fitted on these files: cross-validation over ${folds} folds by text`);
  return { means: 'cross_validation', ...crossValidated(rows, parts), without };
}

function judgeOf(model: PromptModel, vectorOf: VectorOf): Judge {
  return {
    words: (text) => model(text),
    whole: (text) => {
      const vector = vectorOf?.(text);
      return model(text, typeof vector === 'string' ? undefined : vector);
    },
  };
}

const shipped = ({ vectorOf }: ScorerParts): Judge =>
  judgeOf(createPromptModel(shippedPromptWeights, shippedMeaningWeights), vectorOf);

function fitted(rows: readonly FitRow[], { vectorOf }: ScorerParts): Judge {
  return judgeOf(createPromptModel(fitPrompts(rows, {}), vectorOf && fitMeaning(rows, vectorOf)), vectorOf);
}

/** Each text by the fit without its fold; texts that no fit has seen by the shipped weights, which are the fit on all folds. */
function crossValidated(rows: readonly FitRow[], parts: ScorerParts): Judge {
  const places = foldsOf(
    rows.map(({ text }) => ({ a: startOf(text), b: startOf(text) })),
    folds,
    3,
  );
  const judges = Array.from({ length: folds }, (_, fold) => {
    const judge = fitted(
      rows.filter((_, i) => places[i] !== fold),
      parts,
    );
    parts.say(`fold ${fold + 1} of ${folds} fitted`);
    return judge;
  });
  const foldOf = new Map(rows.map(({ text }, i) => [startOf(text), places[i] ?? 0]));
  const other = shipped(parts);
  const of = (text: string) => judges[foldOf.get(startOf(text)) ?? -1] ?? other;
  return { whole: (text) => of(text).whole(text), words: (text) => of(text).words(text) };
}

function leaveOut(rows: readonly FitRow[], parts: ScorerParts): (source: string) => Judge {
  return (source) => {
    const left = new Set(rows.filter((row) => row.source === source).map(({ text }) => startOf(text)));
    // The same text from another source would give the source away.
    const kept = rows.filter((row) => !left.has(startOf(row.text)));
    parts.say(`fitted without ${source}: ${rows.length - kept.length} rows fewer`);
    return fitted(kept, parts);
  };
}

/** Texts that begin alike share a passage and stay together. */
const startOf = (text: string): string => text.slice(0, 200).toLowerCase().replace(/\s+/g, ' ').trim();
