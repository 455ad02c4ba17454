import { create } from '@bufbuild/protobuf';
import { RebuildRequestSchema } from '@refrain/contracts';
import { type CacheCommand, readOptions, refusePositionals, withCache } from './open-cache.ts';
import { grouped, share, toJsonLine } from './print.ts';
import { createProgress } from './progress.ts';

/** `cache rebuild`: has the index built anew from Redis, and shows how far it is until the new one has taken over. */
export const rebuild: CacheCommand = async (args, tools) => {
  const { values, positionals } = readOptions(args, { tenant: { type: 'string' } });
  refusePositionals(positionals);
  const progress = createProgress(tools.progress);
  const began = performance.now();
  const partitions = new Set<string>();
  let done = 0n;
  let total = 0n;
  const show = () => `${grouped(done)} of ${grouped(total)} vectors ${share(done, total)}`.trimEnd();
  await withCache(values.cache, tools, async (cache) => {
    for await (const step of cache.rebuild(create(RebuildRequestSchema, { tenant: values.tenant ?? '' }))) {
      ({ done, total } = step);
      if (step.partition !== '') partitions.add(step.partition);
      progress.show(`${show()}  ${step.partition}`);
    }
  });
  progress.end(show());
  if (done < total) throw new Error(`the rebuilding ended at ${show()}; the old index stays in force. Run it again.`);
  const seconds = (performance.now() - began) / 1000;
  tools.out(
    values.json
      ? toJsonLine({ done, total, partitions: partitions.size, seconds })
      : `${grouped(done)} vectors of ${grouped(partitions.size)} partitions are in the new index, after ${seconds.toFixed(1)} s.\n`,
  );
  return 0;
};
