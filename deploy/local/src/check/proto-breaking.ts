import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type Step } from './step.ts';

/** The contracts against those on main: what others already speak may grow, never change. Without a main: nothing to hold. */
export const checkBreaking: Step = async () => {
  const base = await firstBase();
  if (base === undefined) return { ok: true, say: 'skipped: no main to compare with', output: '' };
  const folder = mkdtempSync(join(tmpdir(), 'refrain-proto-'));
  try {
    // A folder, not buf's own `.git#…`: that one clones, which a shallow checkout refuses.
    const archive = join(folder, 'base.tar');
    const steps: [string, string[]][] = [
      ['git', ['archive', '--output', archive, base.commit, 'proto', 'buf.yaml']],
      ['tar', ['-xf', archive, '-C', folder]],
      ['buf', ['breaking', '--against', folder]],
    ];
    for (const [name, parameters] of steps) {
      const { code, output } = await run(name, parameters);
      if (code !== 0) return { ok: false, say: '', output: output === '' ? `${name} ended with ${code}` : output };
    }
    return { ok: true, say: `against ${base.name}`, output: '' };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

async function firstBase(): Promise<{ name: string; commit: string } | undefined> {
  for (const name of ['origin/main', 'main']) {
    const commit = await run('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
    if (commit.code !== 0) continue;
    const hash = commit.stdout.trim();
    const proto = await run('git', ['cat-file', '-e', `${hash}:proto`]);
    if (proto.code === 0) return { name, commit: hash };
  }
  return undefined;
}
