/**
 * By which weights a text is scored, so that no text is scored by weights that were fitted on it: those of a fit on a training folder, or
 * those that ship, or, for a folder they were fitted on, those of the same fit made without the text's fold.
 */
import { createPromptModel, type PromptJudgement, shippedPromptWeights } from '@refrain/judgement';
import { foldsOf } from '../fit/folds.ts';
import { fitPrompts } from './fit.ts';
import { digestsOf, type FitRow, readFitRows } from './fit-rows.ts';

type Judge = (text: string) => PromptJudgement;

/** How texts are scored. */
export interface Scorers {
  /** Said in the output. */
  readonly means: 'fit' | 'shipped' | 'cross_validation';
  judge(text: string): PromptJudgement;
  /** A judge that was fitted without a source; absent where there is nothing to fit on. */
  without?: ((source: string) => Judge) | undefined;
}

const folds = 5;

/** Chooses by what the folder is: `--train` first, then what the weights have seen. */
export function openScorers(folder: string, train: string | undefined, say: (line: string) => void): Scorers {
  if (train) {
    const rows = readFitRows(train);
    say(`fitted on ${train}`);
    return { means: 'fit', judge: createPromptModel(fitPrompts(rows, {})), without: leaveOut(rows, say) };
  }
  const seen = Object.entries(digestsOf(folder)).filter(
    ([file, digest]) => (shippedPromptWeights.fittedOn as Readonly<Record<string, string>>)[file] === digest,
  );
  if (seen.length === 0) {
    say('scored by the shipped weights, which have seen none of these files');
    return { means: 'shipped', judge: createPromptModel(shippedPromptWeights) };
  }
  say(`the shipped weights were fitted on ${seen.length} of these files: cross-validation over ${folds} folds by text`);
  const rows = readFitRows(folder);
  return { means: 'cross_validation', judge: crossValidated(rows, say), without: leaveOut(rows, say) };
}

/** Each text by the fit without its fold; texts that no fit has seen by the shipped weights, which are the fit on all folds. */
function crossValidated(rows: readonly FitRow[], say: (line: string) => void): Judge {
  const places = foldsOf(
    rows.map(({ text }) => ({ a: startOf(text), b: startOf(text) })),
    folds,
    3,
  );
  const models = Array.from({ length: folds }, (_, fold) => {
    const model = createPromptModel(
      fitPrompts(
        rows.filter((_, i) => places[i] !== fold),
        {},
      ),
    );
    say(`fold ${fold + 1} of ${folds} fitted`);
    return model;
  });
  const foldOf = new Map(rows.map(({ text }, i) => [startOf(text), places[i] ?? 0]));
  const shipped = createPromptModel(shippedPromptWeights);
  return (text) => (models[foldOf.get(startOf(text)) ?? -1] ?? shipped)(text);
}

function leaveOut(rows: readonly FitRow[], say: (line: string) => void): (source: string) => Judge {
  return (source) => {
    const left = new Set(rows.filter((row) => row.source === source).map(({ text }) => startOf(text)));
    // The same text from another source would give the source away.
    const kept = rows.filter((row) => !left.has(startOf(row.text)));
    say(`fitted without ${source}: ${rows.length - kept.length} rows fewer`);
    return createPromptModel(fitPrompts(kept, {}));
  };
}

/** Texts that begin alike share a passage and stay together. */
const startOf = (text: string): string => text.slice(0, 200).toLowerCase().replace(/\s+/g, ' ').trim();
