import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * A path beside `target` for work that is not finished, this process' own. What killed processes left there is removed.
 * @param target in a folder that exists
 */
export async function workPlace(target: string): Promise<string> {
  const prefix = `${basename(target)}.work-`;
  for (const name of await readdir(dirname(target))) {
    const pid = Number(name.startsWith(prefix) && name.slice(prefix.length));
    if (pid > 0 && !isAlive(pid)) await rm(join(dirname(target), name), { recursive: true, force: true });
  }
  return `${target}.work-${process.pid}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
