/** `npm run -s refrain -- cache …`: what an operator asks of a running cache, at its own door. */
import { RefrainError } from '@refrain/errors';
import { invalidate, purge } from './cache/invalidate.ts';
import type { CacheCommand, CacheTools } from './cache/open-cache.ts';
import { rebuild } from './cache/rebuild.ts';
import { showReport } from './cache/report.ts';
import { showStats } from './cache/stats.ts';
import { warm } from './cache/warm.ts';
import { UsageError } from './usage-error.ts';

const commands: Readonly<Record<string, CacheCommand>> = {
  stats: showStats,
  report: showReport,
  invalidate,
  purge,
  rebuild,
  warm,
};

/**
 * Runs one of them; gives the exit code. @throws UsageError for a command line that is none of ours, Error with what to do where the cache
 * cannot be asked or says no.
 */
export async function runCache(args: readonly string[], tools: CacheTools): Promise<number> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const what = name === '' ? 'cache needs a command of its own' : `there is no command called cache ${name}`;
    throw new UsageError(`${what}: ${Object.keys(commands).join(', ')}`);
  }
  try {
    return await command(rest, tools);
  } catch (error) {
    if (!(error instanceof RefrainError)) throw error;
    // A caller is told what went wrong; an operator what can be done about it, too.
    const hints: Partial<Record<RefrainError['code'], string>> = {
      unavailable: 'npm run -s refrain -- status shows what is away',
      deadline: 'npm run -s refrain -- status shows what is away',
      unauthenticated: 'set REFRAIN_MESH_SECRET to that of the mesh it belongs to',
      denied: 'set REFRAIN_MESH_SECRET to that of the mesh it belongs to',
      unsupported: 'this cache is of another version than these tools',
    };
    const hint = hints[error.code];
    throw new Error(hint ? `${error.message} (${hint})` : error.message, { cause: error });
  }
}
