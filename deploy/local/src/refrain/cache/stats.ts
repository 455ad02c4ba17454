import { create } from '@bufbuild/protobuf';
import { StatsRequestSchema, type StatsResponse } from '@refrain/contracts';
import { type CacheCommand, readOptions, refusePositionals, withCache } from './open-cache.ts';
import { grouped, share, toJsonLine, toTable } from './print.ts';

/** `cache stats`: what was looked up and stored since the cache started, and what its index holds. */
export const showStats: CacheCommand = async (args, tools) => {
  const { values, positionals } = readOptions(args, {});
  refusePositionals(positionals);
  const stats = await withCache(values.cache, tools, (cache) => cache.stats(create(StatsRequestSchema)));
  tools.out(values.json ? toJsonLine({ questions: questionsOf(stats), ...stats }) : toText(stats));
  return 0;
};

function toText(stats: StatsResponse): string {
  const { exactHits, semanticHits, templateHits, stores } = stats;
  const questions = questionsOf(stats);
  const hits = (name: string, count: bigint) => [name, grouped(count), share(count, questions)];
  return toTable([
    ['questions', grouped(questions)],
    hits('  exact hits', exactHits),
    hits('  semantic hits', semanticHits),
    hits('  template hits', templateHits),
    ...byReason('levels that missed', stats.misses),
    ['stores', grouped(stores)],
    ...byReason('refusals', stats.refusals),
    ['index collections', grouped(stats.collections)],
    ['index writes that wait', grouped(stats.pendingIndexWrites)],
    ['answers by meaning', stats.semanticReady ? 'yes' : 'no: npm run -s refrain -- status says why'],
  ]);
}

/** Each question is looked for exactly, once; who misses there is looked for by meaning in a second lookup, so lookups would count it twice. */
function questionsOf({ exactHits, misses }: StatsResponse): bigint {
  return exactHits + countOf(misses, 'exact:');
}

function countOf(counts: Readonly<Record<string, bigint>>, prefix: string): bigint {
  return Object.entries(counts).reduce((sum, [name, count]) => (name.startsWith(prefix) ? sum + count : sum), 0n);
}

function byReason(title: string, counts: Readonly<Record<string, bigint>>): string[][] {
  const rows = Object.entries(counts).sort(([, a], [, b]) => Number(b - a));
  const total = rows.reduce((sum, [, count]) => sum + count, 0n);
  return [
    [title, grouped(total)],
    ...rows.map(([reason, count]) => [`  ${reason}`, grouped(count), share(count, total)]),
  ];
}
