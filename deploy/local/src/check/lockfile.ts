import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultsOf, type Lockfile } from '../complete-lockfile.ts';
import { root, type Step } from './step.ts';

/** The lockfile serves every platform and names no registry. */
export const checkLockfile: Step = async () => {
  const lockfile: Lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const faults = faultsOf(lockfile);
  const advice = 'Run: node deploy/local/src/complete-lockfile.ts';
  const entries = Object.keys(lockfile.packages).length;
  return { ok: faults.length === 0, say: `${entries} entries`, output: [...faults, advice].join('\n') };
};
