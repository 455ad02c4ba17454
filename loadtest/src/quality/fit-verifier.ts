/**
 * Fits the verifier's weights: `node loadtest/src/quality/fit-verifier.ts DATA_FOLDER [HOME]` writes
 * `libs/judgement/src/weights/verifier.json` (HOME, by default `.refrain`, has the models and keeps the vectors). Deterministic; a
 * minute of making pairs, a minute of embedding the first time, a few minutes of fitting. Cross-validated by base text: all pairs that
 * share a text, or were made from one, stand in one fold. Probability and thresholds come from the folds' predictions, never from the
 * rows that a tree has seen. Figures on standard error.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compareSignatures,
  evaluateTrees,
  featureNames,
  refusalOf,
  rememberedSignature,
  sigmoid,
  type TreeModel,
  trafficLogit,
} from '@refrain/judgement';
import { embedTexts } from './embed-texts.ts';
import { type BoostOptions, boost } from './fit/boost.ts';
import { foldsOf } from './fit/folds.ts';
import { type FitPair, makePairs } from './fit/make-pairs.ts';
import { naturalPairs, naturalTexts } from './fit/natural.ts';
import { cosineOf } from './vector-file.ts';

const [folder = '', home = join(import.meta.dirname, '../../../.refrain')] = process.argv.slice(2);
const say = (line: string) => process.stderr.write(`${line}\n`);
const seed = 20;
const folds = 5;
/** Features by which the answer may only become likelier (1) or unlikelier (-1): what a wrong hit is made of must never speak for one. */
const directions: Readonly<Record<string, number>> = {
  cosine: 1,
  weightMore: -1,
  heaviestFewer: -1,
  numbersBoth: -1,
  literals: -1,
  classes: -1,
  siblings: -1,
  exchangedRoles: -1,
  sharedLeast: 1,
  typeConflict: -1,
  typeYesNo: -1,
  leftInsideMore: -1,
  narrowedMore: -1,
  scopeFewer: -1,
  negatedApart: -1,
};
/** How much a source's pairs count: many are made by few rules, and real questions are few. */
const shares: Readonly<Record<string, number>> = {
  harmless: 0.7,
  harmful: 0.7,
  templates: 0.7,
  written: 2.5,
  single: 2,
};
/**
 * How the cosine and the number of equal words weigh beside the trees' log-odds. Chosen by hand: half a dozen values were measured on the
 * labelled streams of this side, which may be looked at and not fitted on.
 */
const traffic = { ofCosine: 60, ofWords: 1.5 };
const defaultBudget = 0.01;
/** Of how many lookups one is taken to meet a near miss; on the labelled streams it is fewer. */
const lookupsForANearMiss = 5;
const options: BoostOptions = {
  trees: 260,
  leaves: 24,
  rate: 0.08,
  leastWeight: 12,
  ridge: 2,
  rowShare: 0.7,
  columnShare: 0.6,
  seed,
  monotone: featureNames.map((name) => directions[name] ?? 0),
};

const made = makePairs(folder, seed);
say(`${made.length} pairs made`);
const natural = naturalTexts(folder);
const vectorOf = await embedTexts(
  [...made.flatMap(({ a, b }) => [a, b]), ...natural.map(({ text }) => text)],
  home,
  say,
);
const pairs: FitPair[] = [...made, ...naturalPairs(natural, vectorOf, seed)];
interface Row extends FitPair {
  readonly features: Float64Array;
  readonly refusal: string | undefined;
}
const rows: Row[] = pairs.flatMap((pair) => {
  const x = vectorOf(pair.a);
  const y = vectorOf(pair.b);
  if (typeof x === 'string' || typeof y === 'string') return [];
  const comparison = compareSignatures(rememberedSignature(pair.a), rememberedSignature(pair.b), cosineOf(x, y));
  return [
    {
      ...pair,
      weight: pair.weight * (shares[pair.source] ?? 1),
      refusal: refusalOf(comparison),
      features: Float64Array.from(featureNames, (name) => comparison.features[name] ?? 0),
    },
  ];
});
say(`${rows.length} rows, ${featureNames.length} features`);

const fold = foldsOf(rows, folds, seed);
const predicted = new Float64Array(rows.length);
for (let held = 0; held < folds; held += 1) {
  const inside = rows.flatMap((_, i) => (fold[i] === held ? [] : [i]));
  const model = fit(inside);
  for (const [i, row] of rows.entries()) if (fold[i] === held) predicted[i] = evaluateTrees(model, row.features);
  say(`fold ${held + 1} of ${folds}`);
}
const whole = fit([...rows.keys()]);
const calibration = fitPlatt();
const [cosineAt, equalAt] = [featureNames.indexOf('cosine'), featureNames.indexOf('equal')];
const isReal = ({ source }: Row) => source === 'single' || source === 'dialogue';
const isNearMiss = (row: Row) => !isReal(row) && row.source !== 'banking77';
const alone = rows.map((_, i) => sigmoid(calibration.slope * (predicted[i] ?? 0) + calibration.intercept));
const raw = rows.map(({ features }, i) =>
  trafficLogit(predicted[i] ?? 0, features[cosineAt] ?? 0, features[equalAt] ?? 0, {
    intercept: 0,
    slope: 1,
    ...traffic,
  }),
);
const blend = fitBlend();
/** As `judge` has it: the lesser of what the trees say and of what they and the cosine say together. */
const confidence = rows.map((_, i) => Math.min(alone[i] ?? 0, sigmoid(blend.intercept + blend.slope * (raw[i] ?? 0))));
const thresholds = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05].map((budget) => [
  budget,
  thresholdFor(budget),
]);
report();
writeFileSync(
  join(import.meta.dirname, '../../../libs/judgement/src/weights/verifier.json'),
  `${JSON.stringify({ embedding: 'all-MiniLM-L6-v2/int8', pairs: rows.length, seed, calibration, blend, thresholds, ...whole })}\n`,
);

function fit(inside: readonly number[]): TreeModel {
  const chosen = inside.map((i) => rows[i] as Row);
  const { bias, trees, gains } = boost(
    chosen.map(({ features }) => features),
    chosen.map(({ label }) => label),
    chosen.map(({ weight }) => weight),
    options,
  );
  if (inside.length === rows.length) {
    const sum = gains.reduce((total, gain) => total + gain, 0);
    const best = featureNames.map((name, i) => ({ name, gain: (gains[i] ?? 0) / sum })).sort((x, y) => y.gain - x.gain);
    say(
      `gains: ${best
        .slice(0, 24)
        .map(({ name, gain }) => `${name} ${gain.toFixed(3)}`)
        .join(', ')}`,
    );
  }
  return { features: featureNames, bias, trees };
}

/** P(same | log-odds of a tree that has not seen the row), over the labelled sets and what was made, by their weights. */
function fitPlatt(): { slope: number; intercept: number } {
  const { slope, intercept } = logistic(rows.map(({ label, weight }, i) => ({ label, weight, x: predicted[i] ?? 0 })));
  return { slope: Number(slope.toFixed(4)), intercept: Number(intercept.toFixed(4)) };
}

/** The logistic curve of one variable, by Newton's method. */
function logistic(points: readonly { readonly label: number; readonly weight: number; readonly x: number }[]): {
  slope: number;
  intercept: number;
} {
  let slope = 0.1;
  let intercept = 0;
  for (let step = 0; step < 60; step += 1) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-3, 0, 1e-3];
    for (const { label, weight, x } of points) {
      const p = sigmoid(slope * x + intercept);
      const w = weight * p * (1 - p);
      g0 += weight * (label - p);
      g1 += weight * (label - p) * x;
      h00 += w;
      h01 += w * x;
      h11 += w * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    intercept += (h11 * g0 - h01 * g1) / determinant;
    slope += (h00 * g1 - h01 * g0) / determinant;
  }
  return { slope, intercept };
}

/**
 * P(same | trees, cosine, equal words). The slope is fitted on real questions and on what was written; the intercept is set so that at
 * the default budget both promises of the table ask for the same confidence, because one number has to keep both.
 */
function fitBlend(): typeof traffic & { intercept: number; slope: number } {
  const real = rows.flatMap(({ source, label, weight, refusal }, i) =>
    /^(?:banking77|single|dialogue|written)$/.test(source) && !refusal ? [{ label, weight, x: raw[i] ?? 0 }] : [],
  );
  const slope = Math.max(0.05, logistic(real).slope);
  const leastRaw = cutFor(defaultBudget, isReal, raw);
  const passing = alone.map((value, i) => ((raw[i] ?? 0) > leastRaw ? value : 0));
  const leastAlone = cutFor(defaultBudget * lookupsForANearMiss, isNearMiss, passing);
  const intercept = Math.log(leastAlone / (1 - leastAlone)) - slope * leastRaw;
  say(`blend: slope ${slope}, least raw ${leastRaw}, least alone ${leastAlone}`);
  return { intercept: Number(intercept.toFixed(4)), slope: Number(slope.toFixed(4)), ...traffic };
}

/**
 * The least confidence to serve at. Of real questions, each compared with the nearest other questions of its kind, at most the budget
 * may be served wrongly; of near misses, which look the same and are not, at most so much more as they are rarer.
 */
function thresholdFor(budget: number): number {
  const strictest = Math.max(
    cutFor(budget, isReal, confidence),
    cutFor(budget * lookupsForANearMiss, isNearMiss, confidence),
  );
  return Number(Math.min(0.999, strictest + 1e-4).toFixed(4));
}

/** The score above which at most that share of the wrong pairs lies, by weight. */
function cutFor(share: number, wanted: (row: Row) => boolean, scores: readonly number[]): number {
  const wrong = rows
    .flatMap((row, i) =>
      row.label === 0 && wanted(row)
        ? [{ score: row.refusal ? Number.NEGATIVE_INFINITY : (scores[i] ?? 0), weight: row.weight }]
        : [],
    )
    .sort((x, y) => y.score - x.score);
  const all = wrong.reduce((sum, { weight }) => sum + weight, 0);
  let served = 0;
  for (const { score, weight } of wrong) {
    served += weight;
    if (served > all * share) return score;
  }
  return 0.5;
}

function report(): void {
  const threshold = thresholds.find(([budget]) => budget === 0.01)?.[1] ?? 1;
  say(`calibration ${JSON.stringify(calibration)}, thresholds ${JSON.stringify(thresholds)}`);
  for (const source of new Set(rows.map((row) => row.source))) {
    const own = [...rows.entries()].filter(([, row]) => row.source === source);
    const share = (label: number) => {
      const of = own.filter(([, row]) => row.label === label);
      const served = of.filter(([i, row]) => !row.refusal && (confidence[i] ?? 0) >= threshold);
      return `${(served.length / Math.max(1, of.length)).toFixed(3)} of ${of.length}`;
    };
    say(
      `${source.padEnd(24)} right ${share(1)}, wrong ${share(0)}, area ${area(own.map(([i, row]) => [row.refusal ? 0 : (alone[i] ?? 0), row.label])).toFixed(3)}`,
    );
  }
}

function area(scored: readonly (readonly [number, number])[]): number {
  const sorted = [...scored].sort((x, y) => x[0] - y[0]);
  let ranks = 0;
  let positive = 0;
  for (const [place, [, label]] of sorted.entries()) {
    if (label !== 1) continue;
    positive += 1;
    ranks += place + 1;
  }
  const negative = sorted.length - positive;
  return (ranks - (positive * (positive + 1)) / 2) / Math.max(1, positive * negative);
}
