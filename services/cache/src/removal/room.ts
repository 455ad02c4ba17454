import type { Uses } from '../entries/uses.ts';
import type { Settings } from '../requests/settings.ts';
import type { Counts } from '../requests/stats.ts';
import type { Removal } from './removal.ts';

/** What it takes to keep a tenant below its cap. */
export interface RoomParts {
  readonly uses: Pick<Uses, 'takeLeast'>;
  readonly removal: Pick<Removal, 'entries'>;
  readonly counts: Pick<Counts, 'evicted'>;
  readonly settings: () => Settings;
  readonly nowMs: () => number;
}

/** Lets the least used entries of a tenant go where it has more than it may. @throws RefrainError `unavailable` */
export async function makeRoom(tenant: string, parts: RoomParts): Promise<void> {
  const { maximumEntries } = parts.settings().cache;
  const names = await parts.uses.takeLeast(tenant, maximumEntries, parts.nowMs());
  if (names.length === 0) return;
  await parts.removal.entries(tenant, names);
  parts.counts.evicted(names.length);
}
