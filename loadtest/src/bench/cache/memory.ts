import { readFileSync } from 'node:fs';
import { createLogger } from '@refrain/service';
import { openState } from '@refrain/state';
import { eventually } from '@refrain/testkit';

const kilobytes = 1024;

/** Resident memory of a process, as Linux counts it. */
export function processMegabytes(pid: number): number {
  const [, resident] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(resident) / kilobytes;
}

/** What a Redis keeps, by its own count. */
export async function redisMegabytes(url: string): Promise<number> {
  const state = openState({ url, name: 'bench', log: createLogger({ service: 'bench', level: 'error' }) });
  try {
    await eventually(() => state.ready, { what: 'redis' });
    const [, used] = /^used_memory:(\d+)/m.exec(String(await state.command('INFO', 'memory'))) ?? [];
    return Number(used) / kilobytes / kilobytes;
  } finally {
    state.close();
  }
}
