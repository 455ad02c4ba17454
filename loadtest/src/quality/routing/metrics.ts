/** RouteLLM's metrics of a router, and those of classes. */
import { Random } from '../fit/random.ts';

/** A prompt's score (the higher, the sooner the strong model gets it) and what either model gets for it. */
export interface Scored {
  readonly score: number;
  readonly strong: number;
  readonly weak: number;
}

/** Of the curve of the gap closed over the share of prompts sent to the strong model: its area, and where it reaches 50 and 80 %. */
export interface RouterQuality {
  readonly apgr: number;
  readonly cpt50: number;
  readonly cpt80: number;
}

/** Prompts of equal score share their gain, so that their order in the file does not matter. */
export function routerQuality(rows: readonly Scored[]): RouterQuality {
  const sorted = [...rows].sort((a, b) => b.score - a.score);
  const gap = rows.reduce((sum, { strong, weak }) => sum + strong - weak, 0);
  const gains = sharedGains(sorted);
  let [closed, area, cpt50, cpt80] = [0, 0, 1, 1];
  for (const [i, gain] of gains.entries()) {
    const before = closed;
    closed += gain / gap;
    area += (before + closed) / 2 / gains.length;
    const share = (i + 1) / gains.length;
    if (closed >= 0.5) cpt50 = Math.min(cpt50, share);
    if (closed >= 0.8) cpt80 = Math.min(cpt80, share);
  }
  return { apgr: area, cpt50, cpt80 };
}

function sharedGains(sorted: readonly Scored[]): number[] {
  const groups = new Map<number, { gain: number; count: number }>();
  for (const { score, strong, weak } of sorted) {
    const { gain, count } = groups.get(score) ?? { gain: 0, count: 0 };
    groups.set(score, { gain: gain + strong - weak, count: count + 1 });
  }
  return sorted.map(({ score }) => {
    const { gain, count } = groups.get(score) ?? { gain: 0, count: 1 };
    return gain / count;
  });
}

/** The 2.5th and 97.5th per cent of a figure over rows drawn again with replacement; seeded. */
export function bootstrap<Row>(
  rows: readonly Row[],
  figure: (drawn: readonly Row[]) => number,
): { low: number; high: number } {
  const random = new Random(7);
  const figures = Array.from({ length: 300 }, () => figure(rows.map(() => random.pick(rows)))).sort((a, b) => a - b);
  return { low: figures[7] ?? 0, high: figures[292] ?? 0 };
}

/** Means and spread of `apgr` when the same scores are dealt out at random: what luck alone gives, at the same cost. */
export function shuffledQuality(rows: readonly Scored[]): { mean: number; spread: number } {
  const random = new Random(11);
  const found = Array.from({ length: 200 }, () => {
    const scores = random.shuffled(rows.map(({ score }) => score));
    return routerQuality(rows.map((row, i) => ({ ...row, score: scores[i] ?? 0 }))).apgr;
  });
  const mean = found.reduce((sum, each) => sum + each, 0) / found.length;
  return { mean, spread: Math.sqrt(found.reduce((sum, each) => sum + (each - mean) ** 2, 0) / found.length) };
}

/** A row's class and what it was taken for. */
export interface Labelled {
  readonly label: string;
  readonly taken: string;
}

/** The share taken for what they are. */
export function accuracyOf(rows: readonly Labelled[]): number {
  return rows.filter(({ label, taken }) => label === taken).length / rows.length;
}

/** The mean over the classes that occur of the harmonic mean of precision and recall. */
export function macroF1(rows: readonly Labelled[]): number {
  const classes = [...new Set(rows.map(({ label }) => label))];
  const f1 = (name: string) => {
    const right = rows.filter(({ label, taken }) => label === name && taken === name).length;
    const labelled = rows.filter(({ label }) => label === name).length;
    const taken = rows.filter((row) => row.taken === name).length;
    return (2 * right) / (labelled + taken);
  };
  return classes.reduce((sum, name) => sum + f1(name), 0) / classes.length;
}
