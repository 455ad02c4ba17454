/**
 * The first step of every npm script, on the host's Node (20 or newer) and without any dependency: installs the packages
 * when they are missing or older than package-lock.json, then hands over to the pinned Node 24, which runs the command's
 * TypeScript as it stands. Everything it says goes to stderr: stdout belongs to the command.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const commands = {
  start: 'deploy/local/src/start.ts',
  test: 'deploy/local/src/test.ts',
  check: 'deploy/local/src/check.ts',
  refrain: 'deploy/local/src/refrain.ts',
  bench: 'loadtest/src/bench.ts',
  quality: 'loadtest/src/quality.ts',
};
const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = join(root, 'node_modules');
const pinnedFolder = join(modules, `node-linux-${process.arch}`, 'bin');
const pinnedNode = join(pinnedFolder, 'node');
const stampFile = join(modules, '.refrain-install');
const lockFolder = join(root, '.refrain', 'install.lock');
const heartbeatMs = 3000;
const staleMs = 20_000;

let child;
let stoppedBy;
let holdsLock = false;

const say = (line) => process.stderr.write(`refrain: ${line}\n`);
const fail = (line) => {
  say(line);
  process.exit(1);
};
const statusOf = (signal) => 128 + constants.signals[signal];
const readJson = (path) => JSON.parse(fs.readFileSync(path, 'utf8'));

/** True when Ctrl-C in the terminal reaches the child without us: we stand in the terminal's foreground group, as it does. */
function isForeground() {
  const stat = fs.readFileSync('/proc/self/stat', 'utf8');
  const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return terminal !== '0' && group === foreground;
}

/** Runs a program to its end and returns its exit status; `error` when it could not be started. */
async function run(program, args, options, onOutput) {
  child = spawn(program, args, { cwd: root, ...options });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', onOutput);
  const result = await new Promise((resolve) => {
    child.once('error', (error) => resolve({ error, status: 1 }));
    child.once('close', (code, signal) => resolve({ status: code ?? statusOf(signal) }));
  });
  child = undefined;
  return result;
}

function checkHost() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    const here = `${process.platform} on ${process.arch}`;
    fail(`Refrain runs on Linux (x64 or arm64, glibc) and this is ${here}: use a Linux machine, WSL 2 or a container.`);
  }
  if (Number.parseInt(process.versions.node, 10) < 20) {
    fail(`this is Node ${process.versions.node} and Node 20 or newer is needed to install the rest: update Node.`);
  }
}

/** True when npm's own record of what it installed agrees with the lockfile, as after an `npm install` by hand. */
function isInSync() {
  const record = join(modules, '.package-lock.json');
  if (!fs.existsSync(record)) return false;
  const installed = readJson(record).packages;
  const locked = readJson(join(root, 'package-lock.json')).packages;
  const isSame = (path) => ['version', 'integrity'].every((key) => locked[path]?.[key] === installed[path][key]);
  const isSatisfied = (path) => path in installed || path === '' || locked[path].optional || locked[path].devOptional;
  return Object.keys(installed).every(isSame) && Object.keys(locked).every(isSatisfied);
}

/** npm's environment: `npm run` hands its own options down as variables, and some of them would change what `npm ci` does. */
function npmEnvironment() {
  const handedDown = /^npm_config_(workspaces?|include_workspace_root|global|location|omit|only|dry_run|json)$/i;
  const kept = Object.entries(process.env).filter(([name]) => !handedDown.test(name));
  // The install removes node_modules, so npm itself must not run on the Node in there.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

async function install() {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  say('installing packages from npm (once; about 400 MB to download) …');
  const beat = setInterval(() => {
    fs.utimesSync(lockFolder, new Date(), new Date());
    say(`installing packages … ${seconds()} s`);
  }, heartbeatMs);
  let output = '';
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--include=dev', '--include=optional'];
  const result = await run('npm', args, { env: npmEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] }, (chunk) => {
    output = (output + chunk).slice(-4000);
  });
  clearInterval(beat);
  if (stoppedBy) process.exit(statusOf(stoppedBy));
  if (result.error) fail(`npm cannot be started (${result.error.message}): put npm 10 or newer on PATH.`);
  if (result.status !== 0) {
    process.stderr.write(`${output.trimEnd()}\n`);
    fail('npm ci failed, see above: is the registry reachable (npm ping), is there 2 GB of room, is npm 10 or newer?');
  }
  say(`packages installed in ${seconds()} s.`);
}

/** Removes what packages carry for other systems (docs/decisions/0003-install.md); nothing imports any of it here. */
function prune() {
  const runtimes = join(modules, 'onnxruntime-node', 'bin');
  const systems = ['darwin', 'win32', process.arch === 'x64' ? 'linux/arm64' : 'linux/x64'];
  const versions = fs.existsSync(runtimes) ? fs.readdirSync(runtimes) : [];
  const foreign = versions.flatMap((version) => systems.map((system) => join(runtimes, version, system)));
  const headers = join(pinnedFolder, '..', 'include');
  for (const folder of [...foreign, headers]) fs.rmSync(folder, { recursive: true, force: true });
}

/** Waits until no other prelude installs. Its heart beats in the folder's time: one that was killed leaves a stale folder. */
async function acquireLock() {
  fs.mkdirSync(join(root, '.refrain'), { recursive: true });
  for (let isFirst = true; !holdsLock; isFirst = false) {
    try {
      fs.mkdirSync(lockFolder);
      holdsLock = true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (isFirst) say('another install runs in this checkout; waiting for it …');
      const beat = fs.statSync(lockFolder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - beat > staleMs) fs.rmSync(lockFolder, { recursive: true, force: true });
      else await sleep(300);
    }
  }
}

function releaseLock() {
  if (holdsLock) fs.rmSync(lockFolder, { recursive: true, force: true });
  holdsLock = false;
}

async function ensureInstalled() {
  const lockfile = fs.readFileSync(join(root, 'package-lock.json'));
  const wanted = createHash('sha256').update(lockfile).digest('hex');
  const isDone = () =>
    fs.existsSync(pinnedNode) && fs.existsSync(stampFile) && `${fs.readFileSync(stampFile)}` === wanted;
  if (isDone()) return;
  await acquireLock();
  if (!isDone()) {
    if (!fs.existsSync(pinnedNode) || !isInSync()) await install();
    prune();
    fs.writeFileSync(stampFile, wanted);
  }
  releaseLock();
}

function checkPinnedNode() {
  const { stdout, error } = spawnSync(pinnedNode, ['--version'], { encoding: 'utf8' });
  if (stdout?.startsWith('v24.')) return;
  const needs = 'It needs glibc (Debian, Ubuntu, Fedora; not Alpine) and a registry that has it.';
  const found = error?.message ?? `it answers ${JSON.stringify(stdout)}`;
  fail(`the pinned Node 24, ${pinnedNode}, does not run (${found}). ${needs} Remove node_modules and try again.`);
}

const [command, ...args] = process.argv.slice(2);
if (!Object.hasOwn(commands, command ?? '')) {
  fail(`usage: node deploy/local/prelude.mjs <${Object.keys(commands).join('|')}> [arguments]`);
}
process.on('exit', releaseLock);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stoppedBy = signal;
    if (!child) process.exit(statusOf(signal));
    // A second SIGINT often means "at once": Ctrl-C must not count twice.
    if (signal !== 'SIGINT' || !isForeground()) child.kill(signal);
  });
}
// npm signals the shell it puts between itself and us, and never us: that shell's end is all we see of it.
const parent = process.ppid;
const watchParent = () => process.ppid !== parent && !stoppedBy && process.kill(process.pid, 'SIGTERM');
if (process.env.npm_lifecycle_event) setInterval(watchParent, 300).unref();

checkHost();
await ensureInstalled();
checkPinnedNode();
const path = [pinnedFolder, join(modules, '.bin'), process.env.PATH].filter(Boolean).join(delimiter);
const result = await run(pinnedNode, [commands[command], ...args], {
  env: { ...process.env, PATH: path },
  // The channel tells the command when this process has gone, even by SIGKILL.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
process.exitCode = result.status;
