/** `cache invalidate` and `cache purge`: nothing goes before its number was seen, unless `--yes` says that it was. */
import { userInfo } from 'node:os';
import { create } from '@bufbuild/protobuf';
import { type InvalidateRequest, InvalidateRequestSchema } from '@refrain/contracts';
import { UsageError } from '../usage-error.ts';
import {
  type CacheCommand,
  type CacheTools,
  readOptions,
  refusePositionals,
  required,
  tellUnknown,
  withCache,
} from './open-cache.ts';
import { grouped, toJsonLine } from './print.ts';

const asking = {
  tenant: { type: 'string' },
  yes: { type: 'boolean', default: false },
  actor: { type: 'string' },
} as const;
const which = {
  entry: { type: 'string' },
  tag: { type: 'string' },
  model: { type: 'string' },
  partition: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const;

/** A removal may have to read every name a tenant has. */
const removeMs = 300_000;

/** What is to go, in words and as the cache takes it. */
interface Target {
  readonly tenant: string;
  readonly what: string;
  readonly selector: InvalidateRequest['selector'];
}

/** `cache invalidate`: says what would go; with `--yes` it goes. */
export const invalidate: CacheCommand = async (args, tools) => {
  const { values, positionals } = readOptions(args, { ...asking, ...which });
  refusePositionals(positionals);
  const target = { tenant: required('tenant', values.tenant), ...chooseSelector(values) };
  await remove(target, values, tools);
  return 0;
};

/** `cache purge`: everything of a tenant, for erasure; without `--yes` a failure, for a purge that did not happen must not look like one. */
export const purge: CacheCommand = async (args, tools) => {
  const { values, positionals } = readOptions(args, asking);
  refusePositionals(positionals);
  const what = 'everything kept for it';
  const selector = { case: 'all', value: true } as const;
  await remove({ tenant: required('tenant', values.tenant), what, selector }, values, tools);
  return values.yes ? 0 : 1;
};

async function remove(
  { tenant, what, selector }: Target,
  values: { yes: boolean; json: boolean; actor?: string | undefined; cache?: string | undefined },
  tools: CacheTools,
): Promise<void> {
  const dryRun = !values.yes;
  const actor = values.actor ?? userInfo().username;
  const request = create(InvalidateRequestSchema, { tenant, selector, dryRun, actor });
  const { removed, pendingIndexRemovals } = await withCache(values.cache, tools, (cache) => {
    tellUnknown(tenant, tools);
    return cache.invalidate(request, { timeoutMs: removeMs });
  });
  if (values.json)
    return tools.out(
      toJsonLine({ tenant, selector: selector.case, dryRun, actor, removed, pending: pendingIndexRemovals }),
    );
  const entries = `${grouped(removed)} ${removed === 1 ? 'entry' : 'entries'} of tenant ${tenant} (${what})`;
  tools.out(
    dryRun
      ? `${entries} would go. Nothing was removed; the same with --yes removes ${removed === 1 ? 'it' : 'them'}.\n`
      : `${entries} removed.${stillIndexed(pendingIndexRemovals)}\n`,
  );
}

/** What Chroma, being away or busy, has not let go yet: nobody is served it, and it goes by itself. */
function stillIndexed(pending: number): string {
  return pending > 0
    ? ` ${grouped(pending)} of its vectors and partitions leave the index as soon as Chroma lets them go.`
    : '';
}

function chooseSelector(values: {
  entry?: string | undefined;
  tag?: string | undefined;
  model?: string | undefined;
  partition?: string | undefined;
  all: boolean;
}): Pick<Target, 'what' | 'selector'> {
  const { entry, tag, model, partition, all } = values;
  const chosen: Pick<Target, 'what' | 'selector'>[] = [];
  if (entry) chosen.push({ what: `entry ${entry}`, selector: { case: 'entryId', value: entry } });
  if (tag) chosen.push({ what: `tag ${tag}`, selector: { case: 'tag', value: tag } });
  if (model) chosen.push({ what: `answers of ${model}`, selector: { case: 'model', value: model } });
  if (partition) chosen.push({ what: `partition ${partition}`, selector: { case: 'partition', value: partition } });
  if (all) chosen.push({ what: 'all', selector: { case: 'all', value: true } });
  const [only] = chosen;
  if (!only || chosen.length > 1)
    throw new UsageError(
      'invalidate takes one of --entry ID, --tag NAME, --model PROVIDER/MODEL, --partition KEY, --all',
    );
  return only;
}
