/** Texts of the sets that may ship (the data's README names them); shipped weights are fitted on these and on nothing else of the data. */
import { readRows } from './rows.ts';

interface TextRow {
  readonly a?: string;
  readonly b?: string;
  readonly text?: string;
  readonly origin?: string;
  readonly similar?: string;
  readonly resolved?: string;
  readonly prompt?: string;
}

/** Files of pairs that may ship. */
export const shippablePairs = [
  'pairs_prompts',
  'pairs_traps_mariadb',
  'pairs_fow600',
  'pairs_kmemo',
  'pairs_semanticmemo',
  'pairs_negation_cannot',
] as const;

const others = [
  'pairs/retrieval_gptcache_mock',
  'clusters/clusters_banking77',
  'multiturn/multiturn_cast',
  'routing/routing_mmlu',
  'routing/routing_gsm8k',
  'routing/routing_llmrouter',
];

/** All of them, in the order of the files. */
export function shippableTexts(folder: string): string[] {
  const files = [...shippablePairs.map((name) => `pairs/${name}`), ...others];
  return files.flatMap((file) =>
    readRows<TextRow>(folder, file).flatMap(({ a, b, text, origin, similar, resolved, prompt }) =>
      [a, b, text, origin, similar, resolved, prompt].filter((each) => each !== undefined),
    ),
  );
}
