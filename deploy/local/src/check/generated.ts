import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run, type Step } from './step.ts';

const generated = 'libs/contracts/src/gen';

/** The committed code is what `npm run gen` makes of proto/ today. */
export const checkGenerated: Step = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-gen-'));
  try {
    const { code, output } = await run('buf', ['generate', '--output', folder]);
    if (code !== 0) return { ok: false, say: '', output };
    const fresh = readTree(join(folder, generated));
    const committed = readTree(join(root, generated));
    if (fresh.size === 0) return { ok: false, say: '', output: 'buf generated nothing' };
    const different = [...new Set([...fresh.keys(), ...committed.keys()])]
      .filter((file) => fresh.get(file) !== committed.get(file))
      .sort();
    const lines = different.map((file) => `${generated}/${file} differs from proto/`);
    return {
      ok: different.length === 0,
      say: `${fresh.size} files`,
      output: [...lines, 'Run: npm run gen'].join('\n'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

function readTree(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, 'utf8')];
    }),
  );
}
