import { Source } from '@refrain/contracts';

const names: Readonly<Record<number, string>> = {
  [Source.EXACT]: 'exact',
  [Source.SEMANTIC]: 'semantic',
  [Source.COALESCED]: 'coalesced',
  [Source.PROVIDER]: 'provider',
  [Source.STALE]: 'stale',
  [Source.TEMPLATE]: 'template',
  [Source.QUEUED]: 'queued',
};

/** `exact`, `semantic`, `coalesced`, `provider`, `stale`, `template` or `queued`. */
export function sourceName(source: Source): string {
  return names[source] ?? 'unknown';
}
