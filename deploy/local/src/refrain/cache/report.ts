import { create } from '@bufbuild/protobuf';
import { type PartitionReport, ReportRequestSchema } from '@refrain/contracts';
import { type CacheCommand, readOptions, refusePositionals, required, tellUnknown, withCache } from './open-cache.ts';
import { grouped, percent, share, toJsonLine, toTable } from './print.ts';

const nanoUsd = 1e9;

/** `cache report --tenant T`: for each partition what was served by meaning, what of it was found wrong, and what the cache concluded. */
export const showReport: CacheCommand = async (args, tools) => {
  const { values, positionals } = readOptions(args, { tenant: { type: 'string' } });
  refusePositionals(positionals);
  const tenant = required('tenant', values.tenant);
  const report = await withCache(values.cache, tools, (cache) => {
    tellUnknown(tenant, tools);
    return cache.report(create(ReportRequestSchema, { tenant }));
  });
  if (values.json) tools.out(toJsonLine({ tenant, partitions: report.partitions }));
  else if (report.partitions.length === 0)
    tools.out(`No question of tenant ${tenant} has been looked up by its meaning yet.\n`);
  else tools.out(toText(report.partitions));
  return 0;
};

function toText(partitions: readonly PartitionReport[]): string {
  const head = [
    'partition',
    'lookups',
    'hits',
    '',
    'judged',
    'wrong',
    'of judged (95 %)',
    'served from',
    'shipped',
    'asked again',
  ];
  const rows = partitions.map((each) => [
    each.partition,
    grouped(each.lookups),
    grouped(each.hits),
    share(each.hits, each.lookups),
    grouped(each.judged),
    grouped(each.wrong),
    wrongOfJudged(each),
    each.confidence.toFixed(3),
    each.shippedConfidence.toFixed(3),
    percent(each.repeatShare),
  ]);
  const levels = partitions.map((each) => [
    each.partition,
    each.semanticOn ? 'on' : 'off',
    grouped(each.quarantined),
    seconds(each.spentMs),
    seconds(each.savedMs),
    `$${(Number(each.savedNanoUsd) / nanoUsd).toFixed(4)}`,
  ]);
  const levelsHead = ['partition', 'by meaning', 'quarantined', 'spent looking', 'saved', 'saved money'];
  return `${toTable([head, ...rows])}\n${toTable([levelsHead, ...levels])}`;
}

function wrongOfJudged({ judged, wrong, wrongLow, wrongHigh }: PartitionReport): string {
  if (judged === 0n) return 'nothing judged';
  return `${share(wrong, judged)} (${percent(wrongLow)} to ${percent(wrongHigh)})`;
}

function seconds(milliseconds: bigint): string {
  return `${(Number(milliseconds) / 1000).toFixed(1)} s`;
}
