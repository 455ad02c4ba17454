import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './run.ts';
import { workPlace } from './work-place.ts';

/**
 * Unpacks Debian packages into a folder of ours, running none of their scripts. Package lists are the system's where it has
 * them, else fetched into the folder. apt checks the signatures.
 * @throws Error where apt is missing or the packages are not to be had.
 */
export async function unpackDebs(packages: readonly string[], folder: string, signal?: AbortSignal): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await workPlace(folder);
  try {
    await mkdir(work);
    const target = join(work, 'files');
    await mkdir(target);
    await download(packages, work, signal);
    for (const file of await readdir(work))
      if (file.endsWith('.deb')) await run('dpkg', ['-x', join(work, file), target], { signal });
    await rm(folder, { recursive: true, force: true });
    await rename(target, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(packages: readonly string[], folder: string, signal?: AbortSignal): Promise<void> {
  const fetch = (options: readonly string[]) =>
    run('apt-get', [...options, '-qq', 'download', ...packages], { cwd: folder, signal });
  try {
    await fetch([]);
  } catch {
    signal?.throwIfAborted();
    // No lists yet (a fresh image, or not root): apt is given lists of its own.
    const lists = join(folder, 'lists');
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${folder}`];
    await run('apt-get', [...own, '-qq', 'update'], { signal });
    await fetch(own);
  }
}
