import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './run.ts';

/**
 * Unpacks Debian packages into a folder of ours, running none of their scripts. Package lists are the system's where it has
 * them, else fetched into the folder. apt checks the signatures.
 * @throws Error where apt is missing or the packages are not to be had.
 */
export async function unpackDebs(packages: readonly string[], folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    const target = join(work, 'files');
    await mkdir(target);
    await download(packages, work);
    for (const file of await readdir(work))
      if (file.endsWith('.deb')) await run('dpkg', ['-x', join(work, file), target]);
    await rm(folder, { recursive: true, force: true });
    await rename(target, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(packages: readonly string[], folder: string): Promise<void> {
  const fetch = (options: readonly string[]) =>
    run('sh', [
      '-c',
      'cd "$1" && shift && exec apt-get "$@"',
      'sh',
      folder,
      ...options,
      '-qq',
      'download',
      ...packages,
    ]);
  try {
    await fetch([]);
  } catch {
    // No lists yet (a fresh image, or not root): apt is given lists of its own.
    const lists = join(folder, 'lists');
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${folder}`];
    await run('apt-get', [...own, '-qq', 'update']);
    await fetch(own);
  }
}
