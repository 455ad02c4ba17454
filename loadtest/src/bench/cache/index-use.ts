import type { ServiceProcess } from '@refrain/testkit';

/** Questions that an index was asked, and those of them that the hot one answered. */
export interface IndexUse {
  readonly all: number;
  readonly hot: number;
}

/** By the cache's own count. @throws Error where it counts nothing of the kind */
export async function readIndexUse({ ready }: ServiceProcess): Promise<IndexUse> {
  const text = await (await fetch(ready.metrics ?? '')).text();
  const counts = [...text.matchAll(/^refrain_cache_index_answers_total\{(.*)\} (\d+)$/gm)];
  if (counts.length === 0) throw new Error('the cache has counted no answers of its index');
  const sum = (of: RegExp) =>
    counts.filter(([, labels = '']) => of.test(labels)).reduce((total, [, , count]) => total + Number(count), 0);
  return { all: sum(/./), hot: sum(/layer="hot"/) };
}
