/** Rows that say how a strong and a weak model did on a prompt, of the four routing sets. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRows } from '../rows.ts';

/** A prompt, what either model got for it, and the subject it belongs to. */
export interface NeedRow {
  readonly text: string;
  readonly strong: number;
  readonly weak: number;
  readonly group: string;
}

interface RawRow {
  readonly prompt?: string;
  readonly turn1?: string;
  readonly strong_ok?: boolean;
  readonly weak_ok?: boolean;
  readonly strong_score?: readonly number[];
  readonly weak_score?: readonly number[];
  readonly scores?: readonly number[];
  readonly contaminated?: boolean;
  readonly domain?: string;
  readonly category?: string;
  readonly task?: string;
}

/** The sets, in order; the last one is never fitted on. */
export const needSets = ['routing_mmlu', 'routing_gsm8k', 'routing_llmrouter', 'routing_mtbench'] as const;
export type NeedSet = (typeof needSets)[number];

/** Places of the strong and the weak model (nemotron-51b, mistral-7b) in `scores`. */
const [strongPlace, weakPlace] = [3, 7];

/** The rows of one set that no model was trained on; none where the folder lacks it. Of a dialogue only the first turn counts. */
export function readNeedRows(folder: string, set: NeedSet): NeedRow[] {
  if (!existsSync(join(folder, 'routing', `${set}.jsonl`))) return [];
  return readRows<RawRow>(folder, `routing/${set}`)
    .filter(({ contaminated }) => !contaminated)
    .map((row) => ({
      text: row.prompt ?? row.turn1 ?? '',
      strong: Number(row.strong_ok ?? row.strong_score?.[0] ?? row.scores?.[strongPlace] ?? 0),
      weak: Number(row.weak_ok ?? row.weak_score?.[0] ?? row.scores?.[weakPlace] ?? 0),
      group: row.domain ?? row.category ?? row.task ?? '',
    }));
}
