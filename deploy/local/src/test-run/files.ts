import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { PartName } from '../start/settings.ts';

/** What a test may stand on. */
export type Need = PartName | 'embedding model' | 'local model';

/** A part of the tests: quick ones first, those that load the machine alone. */
export interface Phase {
  readonly name: string;
  /** Files at once. */
  readonly concurrency: number;
  readonly files: readonly string[];
}

const kinds = [
  {
    name: 'unit',
    concurrency: 2,
    patterns: [
      'libs/*/src/**/*.test.ts',
      'services/*/src/**/*.test.ts',
      'deploy/*/src/**/*.test.ts',
      'loadtest/src/**/*.test.ts',
    ],
    isOf: (file: string) => !file.endsWith('.integration.test.ts'),
  },
  {
    name: 'integration',
    concurrency: 2,
    patterns: [
      'libs/*/src/**/*.integration.test.ts',
      'libs/*/test/**/*.test.ts',
      'services/*/test/**/*.test.ts',
      'deploy/*/test/**/*.test.ts',
      'loadtest/test/**/*.test.ts',
    ],
    isOf: (file: string) => !file.endsWith('.mesh.test.ts'),
  },
  { name: 'mesh', concurrency: 1, patterns: ['deploy/*/test/**/*.mesh.test.ts'], isOf: () => true },
];

/** The test files under a folder whose path holds one of the patterns (all where there are none), in the order in which they run. */
export function findTests(root: string, patterns: readonly string[]): Phase[] {
  const isWanted = (file: string) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern));
  return kinds.map(({ name, concurrency, patterns: globs, isOf }) => ({
    name,
    concurrency,
    files: globSync(globs, { cwd: root, exclude: (path) => path === 'node_modules' })
      .filter((file) => isOf(file) && isWanted(file))
      .sort(),
  }));
}

/** Names by which tests get what they stand on; whoever shares fetched servers (`partsFolder`) starts a whole mesh. */
const signs: Readonly<Record<Need, RegExp>> = {
  redis: /\b(startRedis|findRedis|partsFolder)\b/,
  nats: /\b(startNats|findNats|partsFolder)\b/,
  chroma: /\b(startChroma|findChroma|partsFolder)\b/,
  'embedding model': /\b(modelsFolder|partsFolder)\b(?!:)/,
  'local model': /\b(GgufModel|partsFolder)\b/,
};

/** What a test file uses, by the names in it and in the tests' own files that it imports; what is tested may speak of more than is used. */
export function needsOf(root: string, file: string): Need[] {
  const text = readWithNeighbours(root, file, new Set());
  return (Object.keys(signs) as Need[]).filter((need) => signs[need].test(text));
}

function readWithNeighbours(root: string, file: string, seen: Set<string>): string {
  // A test's own text may speak of files that are not there.
  if (seen.has(file) || !existsSync(join(root, file))) return '';
  seen.add(file);
  const text = readFileSync(join(root, file), 'utf8');
  const neighbours = [...text.matchAll(/from '(\.\.?\/(?![^']*\bsrc\/)[^']+\.ts)'/g)].map(([, path = '']) =>
    normalize(join(dirname(file), path)),
  );
  return [text, ...neighbours.map((neighbour) => readWithNeighbours(root, neighbour, seen))].join('\n');
}
