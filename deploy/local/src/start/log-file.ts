import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const readLimit = 64 * 1024;
const shownLines = 8;
const shownWidth = 300;

/** Puts the log of the start before this one aside, as `<file>.1`. */
export function rotateLog(file: string): void {
  if (existsSync(file)) renameSync(file, `${file}.1`);
}

/** How long a log is; absent counts as 0. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * What a process said that tells why it ended, from an offset of its log on: what it wrote plainly without stacks, and its log's errors in words. Where
 * neither is there, its last lines as they are.
 */
export function lastWords(file: string, from: number): string[] {
  const size = sizeOf(file);
  // A log that is shorter was begun anew meanwhile.
  const start = Math.max(from > size ? 0 : from, size - readLimit);
  if (size <= start) return [];
  const buffer = Buffer.alloc(size - start);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, buffer, 0, buffer.length, start);
  closeSync(descriptor);
  const lines = buffer
    .toString('utf8', 0, length)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const telling = lines.map(toWords).filter((line) => line !== undefined);
  return (telling.length > 0 ? telling : lines).slice(-shownLines).map((line) => line.slice(0, shownWidth));
}

function toWords(line: string): string | undefined {
  if (!line.startsWith('{')) return /^\s+at /.test(line) ? undefined : line;
  try {
    const { level, msg, err } = JSON.parse(line);
    if (level !== 'error' && level !== 'fatal') return undefined;
    return typeof err?.message === 'string' ? `${msg}: ${err.message}` : String(msg);
  } catch {
    // Not one of our log's lines after all (or cut at the front): a person may read it as it is.
    return line;
  }
}
