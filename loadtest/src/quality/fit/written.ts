/**
 * Ordinary questions and commands written for this project (`written-questions.txt`), each line in several wordings, and after `#`
 * questions about the same thing that want other answers. Rules cannot make these: people reword with words of their own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FitPair } from './fit-pair.ts';

/** All pairs of each line: wordings with each other, and wordings with what only looks alike. */
export function writtenPairs(): FitPair[] {
  const lines = readFileSync(join(import.meta.dirname, 'written-questions.txt'), 'utf8')
    .trim()
    .split('\n');
  return lines.flatMap((line) => {
    const [same = [], other = []] = line.split(' # ').map((part) => part.split(' | '));
    const about = { weight: 1, source: 'written' };
    return [
      ...same.flatMap((a, i) => same.slice(i + 1).map((b) => ({ a, b, label: 1, kind: 'rewording', ...about }))),
      ...same.flatMap((a) => other.map((b) => ({ a, b, label: 0, kind: 'alike', ...about }))),
      ...other.flatMap((a, i) => other.slice(i + 1).map((b) => ({ a, b, label: 0, kind: 'alike', ...about }))),
    ];
  });
}
