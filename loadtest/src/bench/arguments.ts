import { parseArgs } from 'node:util';
import { suiteNames } from './suites.ts';

/** What a run of the benchmarks is asked for. */
export interface BenchArguments {
  readonly suite: string;
  readonly json: boolean;
  readonly rounds: number;
  /** Of a point; each suite's own where absent. */
  readonly seconds: number | undefined;
  readonly only: string | undefined;
}

/** How the benchmarks are called. */
export const usage: string = `usage: npm run -s bench -- [${suiteNames.join('|')}] [--json] [--rounds N] [--seconds N] [--only NAME,…]\n`;

/** Reads the command line before anything is started; `help` when it asks how. @throws Error saying what is wrong with it */
export function readBenchArguments(args: readonly string[]): BenchArguments | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) return 'help';
  const [suite = 'all', ...rest] = positionals;
  if (!suiteNames.includes(suite)) throw new Error(`there is no suite ${suite}; there are ${suiteNames.join(', ')}`);
  if (rest.length > 0) throw new Error(`one suite a run: what is ${rest.join(' ')}?`);
  const { json, only, seconds } = values;
  return {
    suite,
    json,
    only,
    rounds: positive('--rounds', values.rounds, Number.isInteger),
    seconds: seconds === undefined ? undefined : positive('--seconds', seconds, Number.isFinite),
  };
}

function positive(name: string, text: string, isRight: (value: number) => boolean): number {
  const value = Number(text);
  if (!(value > 0 && isRight(value))) throw new Error(`${name} takes a positive number, not ${text}`);
  return value;
}
