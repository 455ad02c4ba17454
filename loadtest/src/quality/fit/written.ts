/**
 * Questions and prompts written for this project, each line in several wordings, and after `#` others about the same thing that want
 * another answer. Rules cannot make these: people reword with words of their own. `written-questions.txt` has ordinary questions as they
 * happen to be near each other; in the other files both sides were written to be hard to tell apart.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FitPair } from './fit-pair.ts';

const files = [
  { name: 'written-questions.txt', source: 'written', same: 1, alike: 1 },
  // Of each line there are four times as many pairs that differ: what is the same counts for more.
  ...['open', 'service', 'instructions'].map((kind) => ({
    name: `written-${kind}.txt`,
    source: 'hard',
    same: 1.5,
    alike: 0.5,
  })),
];

/** All pairs of each line: wordings with each other, and wordings with what only looks alike. */
export function writtenPairs(): FitPair[] {
  return files.flatMap(({ name, source, same: weightOfSame, alike }) =>
    readFileSync(join(import.meta.dirname, name), 'utf8')
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [same = [], other = []] = line.split(' # ').map((part) => part.split(' | '));
        const different = { label: 0, weight: alike, source, kind: 'alike' };
        return [
          ...pairsOf(same).map((pair) => ({ ...pair, label: 1, weight: weightOfSame, source, kind: 'rewording' })),
          ...same.flatMap((a) => other.map((b) => ({ a, b, ...different }))),
          ...pairsOf(other).map((pair) => ({ ...pair, ...different })),
        ];
      }),
  );
}

function pairsOf(texts: readonly string[]): { a: string; b: string }[] {
  return texts.flatMap((a, i) => texts.slice(i + 1).map((b) => ({ a, b })));
}
