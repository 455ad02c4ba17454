import type { Result } from '../bench/report.ts';
import type { Vectors } from './embed-texts.ts';
import { wilson } from './intervals.ts';
import { cosineOf } from './vector-file.ts';

/** One row of a `retrieval_*` file. */
export interface RetrievalRow {
  readonly origin: string;
  readonly similar: string;
}

/** Seeds all origins, asks all rewordings: the share whose nearest is its own origin. */
export function measureRetrieval(name: string, rows: readonly RetrievalRow[], vectorOf: Vectors): Result {
  const seeded = rows.map(({ origin }) => ({ origin, vector: vectorOf(origin) }));
  const right = rows.filter(({ origin, similar }) => {
    const asked = vectorOf(similar);
    if (typeof asked === 'string') return false;
    let nearest = '';
    let best = -1;
    for (const each of seeded) {
      const cosine = typeof each.vector === 'string' ? -1 : cosineOf(each.vector, asked);
      if (cosine > best) [nearest, best] = [each.origin, cosine];
    }
    return nearest === origin;
  }).length;
  return {
    case: name,
    metric: 'top1',
    value: right / rows.length,
    ...wilson(right, rows.length),
    n: rows.length,
    unit: 'share',
  };
}
