/**
 * Bounds the logs of a mesh that runs for long. Every process writes straight to its file, by a descriptor of its own: what it said last is there
 * even where this program was killed, and nobody is held up by a reader that is busy. A pipe through this program would rotate without a
 * gap and give both up. So a log that has grown too long is copied aside and emptied under its writer, which appends wherever the end is;
 * a line written in between, a millisecond or so for every 16 MiB, is lost.
 */
import { copyFileSync, mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { sizeOf } from './log-file.ts';

/** Longer than this a log is put aside as `<file>.1`, in the place of the one before. */
const maximumBytes = 16 * 1024 * 1024;
const lookEveryMs = 5000;

/** How logs are bounded. */
export interface BoundLogsOptions {
  readonly say: (line: string) => void;
  readonly maximumBytes?: number;
  readonly lookEveryMs?: number;
}

/**
 * Looks at all logs of a folder now and then, until the function it gives is called. A log that cannot be shortened is told once; a folder
 * that somebody removed is made again, for what is started again.
 */
export function boundLogs(folder: string, options: BoundLogsOptions): () => void {
  const limit = options.maximumBytes ?? maximumBytes;
  const told = new Set<string>();
  const attempt = (what: string, act: () => void) => {
    try {
      act();
    } catch (error) {
      if (!told.has(what)) options.say(`${what}: ${(error as Error).message}`);
      told.add(what);
    }
  };
  const look = () =>
    attempt('the logs cannot be bounded', () => {
      mkdirSync(folder, { recursive: true });
      for (const name of readdirSync(folder).filter((name) => name.endsWith('.log')))
        attempt(`the log ${name} grows`, () => {
          if (sizeOf(join(folder, name)) > limit) putAside(join(folder, name));
        });
    });
  const timer = setInterval(look, options.lookEveryMs ?? lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

function putAside(file: string): void {
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}
