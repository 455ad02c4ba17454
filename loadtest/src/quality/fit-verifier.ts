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
  blendOf,
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
import { area, cutFor, logistic } from './fit/calibrate.ts';
import type { FitPair } from './fit/fit-pair.ts';
import { foldsOf } from './fit/folds.ts';
import { makePairs } from './fit/make-pairs.ts';
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
/** How much a source's pairs count in what is promised: many are made by few rules, and real questions are few. */
const shares: Readonly<Record<string, number>> = {
  harmless: 0.7,
  harmful: 0.7,
  templates: 0.7,
  written: 2.5,
  single: 2,
  pairs_negation_cannot: 2,
};
/**
 * How much of that the trees are fitted with. What is made by rule, and what was written to be hard, is many times what the labelled sets
 * have: at half of it all six of them are ordered as well or better, by folds.
 */
const learned: Readonly<Record<string, number>> = { harmless: 0.5, harmful: 0.5, templates: 0.5, hard: 0.5 };
/**
 * How the cosine and the number of equal words weigh beside the trees' log-odds. Chosen by hand: half a dozen values were measured on the
 * labelled streams of this side, which may be looked at and not fitted on.
 */
const traffic = { open: { ofCosine: 60, ofWords: 1.5 }, service: { ofCosine: 15, ofWords: 1.5 } };
const defaultBudget = 0.01;
/** Of how many lookups one is taken to meet a near miss; on the labelled streams it is fewer. */
const lookupsForANearMiss = 3;
/** What is less likely than that is served at no budget. */
const leastConfidence = 0.1;
const options: BoostOptions = {
  trees: 300,
  leaves: 24,
  rate: 0.07,
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
  /** Which curve holds for it. */
  readonly blend: 'open' | 'service';
}
const rows: Row[] = pairs.flatMap((pair) => {
  const x = vectorOf(pair.a);
  const y = vectorOf(pair.b);
  if (typeof x === 'string' || typeof y === 'string') return [];
  const [left, right] = [rememberedSignature(pair.a), rememberedSignature(pair.b)];
  const comparison = compareSignatures(left, right, cosineOf(x, y));
  return [
    {
      ...pair,
      weight: pair.weight * (shares[pair.source] ?? 1),
      refusal: refusalOf(comparison),
      blend: blendOf(left, right),
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
const isReal = ({ source }: Row) => source === 'single' || source === 'dialogue' || source === 'written';
const isNearMiss = ({ source }: Row) => source !== 'single' && source !== 'dialogue' && source !== 'banking77';
const alone = rows.map((_, i) => sigmoid(calibration.slope * (predicted[i] ?? 0) + calibration.intercept));
const raw = rows.map(({ features, blend }, i) =>
  trafficLogit(predicted[i] ?? 0, features[cosineAt] ?? 0, features[equalAt] ?? 0, {
    intercept: 0,
    slope: 1,
    ...traffic[blend],
  }),
);
const blends = fitBlends();
/** As `judge` has it: the lesser of what the trees say and of what they and the cosine say together. */
const confidence = rows.map(({ blend }, i) => {
  const { intercept, slope } = blends[blend];
  return Math.min(alone[i] ?? 0, sigmoid(intercept + slope * (raw[i] ?? 0)));
});
const thresholds = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05].map((budget) => [
  budget,
  thresholdFor(budget),
]);
report();
writeFileSync(
  join(import.meta.dirname, '../../../libs/judgement/src/weights/verifier.json'),
  `${JSON.stringify({ embedding: 'all-MiniLM-L6-v2/int8', pairs: rows.length, seed, calibration, blends, thresholds, ...whole })}\n`,
);

function fit(inside: readonly number[]): TreeModel {
  const chosen = inside.map((i) => rows[i] as Row);
  const { bias, trees, gains } = boost(
    chosen.map(({ features }) => features),
    chosen.map(({ label }) => label),
    chosen.map(({ weight, source }) => weight * (learned[source] ?? 1)),
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

/**
 * P(same | trees, cosine, equal words), a curve for open questions and one for questions to a desk. Slopes are fitted on real questions
 * and on what was written; intercepts are set so that at the default budget every promise of the table asks for the same confidence,
 * because one number has to keep them all.
 */
function fitBlends(): Record<Row['blend'], (typeof traffic)['open'] & { intercept: number; slope: number }> {
  const slopeOf = (wanted: Row['blend'], sources: RegExp) =>
    Math.max(
      0.05,
      logistic(
        rows.flatMap(({ source, label, weight, refusal, blend }, i) =>
          sources.test(source) && blend === wanted && !refusal ? [{ label, weight, x: raw[i] ?? 0 }] : [],
        ),
      ).slope,
    );
  const slopes = {
    open: slopeOf('open', /^(?:banking77|single|dialogue|written)$/),
    service: slopeOf('service', /^(?:banking77|hard)$/),
  };
  const leastOpen = cutOf(isReal, raw, defaultBudget);
  const leastService = deskCut(raw, defaultBudget);
  const passing = alone.map((value, i) =>
    (raw[i] ?? 0) > (rows[i]?.blend === 'service' ? leastService : leastOpen) ? value : 0,
  );
  const leastAlone = cutOf(isNearMiss, passing, defaultBudget * lookupsForANearMiss);
  say(`blends: least raw ${leastOpen} open, ${leastService} at a desk, least alone ${leastAlone}`);
  const logit = Math.log(leastAlone / (1 - leastAlone));
  const blendFor = (wanted: Row['blend'], least: number) => ({
    intercept: Number((logit - slopes[wanted] * least).toFixed(4)),
    slope: Number(slopes[wanted].toFixed(4)),
    ...traffic[wanted],
  });
  return { open: blendFor('open', leastOpen), service: blendFor('service', leastService) };
}

/**
 * The least confidence to serve at. Of real questions, each compared with the nearest other questions of its kind, at most the budget
 * may be served wrongly, and of customers' questions to a desk as well; of near misses, which look the same and are not, at most so much
 * more as they are rarer.
 */
function thresholdFor(budget: number): number {
  const strictest = Math.max(
    cutOf(isReal, confidence, budget),
    deskCut(confidence, budget),
    cutOf(isNearMiss, confidence, budget * lookupsForANearMiss),
  );
  return Number(Math.min(0.999, Math.max(leastConfidence, strictest + 1e-4)).toFixed(4));
}

/**
 * The score above which at most that share of the questions to a bank's desk gets the answer of another intent: each question meets those
 * of its neighbours that are among the rows, and the likeliest is served.
 */
function deskCut(scores: readonly number[], share: number): number {
  const likeliest = new Map<string, { score: number; label: number }>();
  const asked = new Set<string>();
  for (const [i, { source, b, blend, refusal, label }] of rows.entries()) {
    if (source !== 'banking77' || blend !== 'service') continue;
    asked.add(b);
    const score = scores[i] ?? 0;
    if (!refusal && score > (likeliest.get(b)?.score ?? Number.NEGATIVE_INFINITY)) likeliest.set(b, { score, label });
  }
  let wrong = 0;
  for (const { score, label } of [...likeliest.values()].sort((x, y) => y.score - x.score)) {
    if (label === 0) wrong += 1;
    if (wrong > cautious(share, asked.size) * asked.size) return score;
  }
  return Number.NEGATIVE_INFINITY;
}

/** One standard error less: the questions are a sample, and what is promised is promised of others. */
function cautious(share: number, questions: number): number {
  return share * Math.max(0, 1 - 1 / Math.sqrt(share * questions));
}

/** What a rule refuses is never served, whatever its score. Each real question is one lookup and counts once. */
function cutOf(wanted: (row: Row) => boolean, scores: readonly number[], share: number): number {
  const points = rows.flatMap((row, i) =>
    wanted(row)
      ? [
          {
            label: row.label,
            weight: wanted === isReal ? 1 : row.weight,
            x: row.refusal ? Number.NEGATIVE_INFINITY : (scores[i] ?? 0),
          },
        ]
      : [],
  );
  return cutFor(points, wanted === isReal ? cautious(share, points.filter(({ label }) => label === 0).length) : share);
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
