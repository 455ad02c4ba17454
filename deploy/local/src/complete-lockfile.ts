/**
 * Keeps package-lock.json whole. When a registry lacks a package for some other platform, npm leaves it out of a new
 * lockfile without a word, and `npm ci` then stops for everybody with "Missing: … from lock file". An entry with a version
 * and a platform is enough for it to pass: npm skips the package where the platform differs, and fetches it where it
 * agrees. `--check` only tells.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** One package of a lockfile, as far as this file reads it. */
export type LockedPackage = {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

/** A lockfile of version 2 or 3; keys of `packages` are folders, the root's is empty. */
export type Lockfile = { readonly packages: Readonly<Record<string, LockedPackage>> };

/** A dependency that a package of the lockfile names and the lockfile has no entry for. */
export type Gap = { readonly from: string; readonly name: string; readonly range: string; readonly optional: boolean };

const systems: Readonly<Record<string, string>> = {
  aix: 'aix',
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  linuxmusl: 'linux',
  mac: 'darwin',
  macos: 'darwin',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  sunos: 'sunos',
  win: 'win32',
  win32: 'win32',
  windows: 'win32',
};

const processors: Readonly<Record<string, string>> = {
  arm: 'arm',
  arm64: 'arm64',
  armv7: 'arm',
  armv7l: 'arm',
  ia32: 'ia32',
  loong64: 'loong64',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  wasm32: 'wasm32',
  x64: 'x64',
};

/** True when Node, asked in folder `from`, would find `name` in that folder's node_modules or in one above. */
function isFound(packages: Lockfile['packages'], from: string, name: string): boolean {
  for (let folder = from; folder !== ''; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    if (`${folder}/node_modules/${name}` in packages) return true;
  }
  return `node_modules/${name}` in packages;
}

/** Every dependency without an entry, in the lockfile's order. npm repeats optional ones in `dependencies` at times. */
export function findGaps(lockfile: Lockfile): Gap[] {
  return Object.entries(lockfile.packages).flatMap(([from, { dependencies = {}, optionalDependencies = {} }]) =>
    Object.entries({ ...dependencies, ...optionalDependencies })
      .filter(([name]) => !isFound(lockfile.packages, from, name))
      .map(([name, range]) => ({ from, name, range, optional: name in optionalDependencies })),
  );
}

/** Folders of packages whose `resolved` names a host: such a lockfile works only where that host answers. */
export function findHosts(lockfile: Lockfile): string[] {
  return Object.entries(lockfile.packages)
    .filter(
      ([, { resolved }]) => resolved !== undefined && /^[a-z][a-z+]*:\/\//i.test(resolved) && !/^file:/i.test(resolved),
    )
    .map(([folder]) => folder);
}

/**
 * The entry that closes a gap: the lowest version of the range, and the platform that the package's name tells.
 * Undefined when the gap is no platform's package, when the name tells no system or when the range is not a plain one.
 */
export function toEntry(gap: Gap): LockedPackage | undefined {
  const version = /^[~^]?(\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?)$/i.exec(gap.range)?.[1];
  const words = gap.name.toLowerCase().split(/[/_-]/);
  const os = words.map((word) => systems[word]).find((found) => found !== undefined);
  const cpu = words.map((word) => processors[word]).find((found) => found !== undefined);
  if (!gap.optional || version === undefined || os === undefined) return undefined;
  return { version, ...(cpu === undefined ? {} : { cpu: [cpu] }), optional: true, os: [os] };
}

/** A copy of the lockfile with an entry for every gap that `toEntry` can close, in npm's order of folders. */
export function completeLockfile<T extends Lockfile>(lockfile: T): T {
  const entries = findGaps(lockfile).flatMap((gap) => {
    const entry = toEntry(gap);
    return entry === undefined ? [] : [[`node_modules/${gap.name}`, entry] as const];
  });
  const sorted = [...Object.entries(lockfile.packages), ...entries].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lockfile, packages: Object.fromEntries(sorted) };
}

/** What is wrong with a lockfile, a sentence each; empty when `npm ci` can pass on every machine. */
export function faultsOf(lockfile: Lockfile): string[] {
  return [
    ...findGaps(lockfile).map(({ from, name, range }) => `${from || 'the root'} needs ${name}@${range}: no entry`),
    ...findHosts(lockfile).map((folder) => `${folder} is resolved at a host: install with the repository's .npmrc`),
  ];
}

if (import.meta.main) {
  const file = new URL('../../../package-lock.json', import.meta.url);
  const read = JSON.parse(readFileSync(file, 'utf8')) as Lockfile;
  const lockfile = process.argv.includes('--check') ? read : completeLockfile(read);
  const added = Object.keys(lockfile.packages).length - Object.keys(read.packages).length;
  if (added > 0) writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`);
  const faults = faultsOf(lockfile);
  for (const fault of faults) console.error(`package-lock.json: ${fault}`);
  console.log(
    `package-lock.json: ${Object.keys(lockfile.packages).length} entries, ${added} added, ${faults.length} faults`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}
