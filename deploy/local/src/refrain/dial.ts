import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMeshConfig, type Tier } from '@refrain/service';
import { percent } from './cache/print.ts';
import { type CurvePoint, dialCurve } from './dial-curve.ts';
import { asUsage, UsageError } from './usage-error.ts';

const tiers: readonly string[] = ['free', 'basic', 'pro', 'enterprise'] satisfies Tier[];
const barWidth = 24;
const defaultAnswerTokens = '300';

/** Draws what the dial would do to the prompts of a file, by the rules of `refrain.yaml`. */
export function showDial(
  args: readonly string[],
  to: { readonly folder: string; readonly configFile: string; readonly out: (text: string) => void },
): number {
  const { positionals, values } = asUsage(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        tier: { type: 'string', default: 'pro' },
        'answer-tokens': { type: 'string', default: defaultAnswerTokens },
        json: { type: 'boolean', default: false },
      },
    }),
  );
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('dial takes one file of prompts');
  if (!tiers.includes(values.tier)) throw new UsageError(`there is no tier called ${values.tier}`);
  const answerTokens = Number(values['answer-tokens']);
  if (!Number.isSafeInteger(answerTokens) || answerTokens < 1) throw new UsageError('--answer-tokens takes a number');
  const prompts = readPrompts(resolve(to.folder, file));
  if (prompts.length === 0) throw new UsageError(`${file} holds no prompts`);
  const curve = dialCurve(loadMeshConfig(to.configFile), prompts, {
    tier: values.tier as Tier,
    answerTokens,
    steps: 8,
  });
  to.out(values.json ? `${JSON.stringify({ prompts: prompts.length, curve }, null, 2)}\n` : draw(curve));
  return 0;
}

/** One prompt a line, as it is or as JSON with `prompt` or `question`. */
function readPrompts(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    if (!line.startsWith('{')) return [line];
    let read: { prompt?: unknown; question?: unknown };
    try {
      read = JSON.parse(line);
    } catch (cause) {
      throw new UsageError(`line ${i + 1} is no JSON: ${(cause as Error).message}`);
    }
    const prompt = read.prompt ?? read.question;
    if (typeof prompt !== 'string') throw new UsageError(`line ${i + 1} has neither prompt nor question`);
    return [prompt];
  });
}

function draw(curve: readonly CurvePoint[]): string {
  const dearest = Math.max(...curve.map(({ usdPerThousand }) => usdPerThousand));
  const bar = (value: number) => '█'.repeat(dearest > 0 ? Math.round((value / dearest) * barWidth) : 0);
  const lines = curve.map(({ dial, firsts, meanRank, usdPerThousand }) => {
    const numbers = `${dial.toFixed(3)}  ${meanRank.toFixed(2)}  ${usdPerThousand.toFixed(3).padStart(11)}`;
    const who = Object.entries(firsts).map(([name, part]) => `${percent(part)} ${name}`);
    return `${numbers}  ${bar(usdPerThousand).padEnd(barWidth)}  ${who.join(', ')}`;
  });
  return `${[`dial   rank  $ per 1,000  ${''.padEnd(barWidth)}  asked first`, ...lines].join('\n')}\n`;
}
