import { run } from 'node:test';
import type { Report } from './report.ts';

/** How test files are run. */
export interface RunFilesOptions {
  /** Paths of files are relative to it. */
  readonly root: string;
  /** Files at once. */
  readonly concurrency: number;
  /** A file that runs longer is ended and has failed; the runner's own `timeout` is one for each test, and a process may outlive them. */
  readonly limitMs: number;
  readonly report: Report;
  /** Ends the files that run, and starts no other. */
  readonly signal: AbortSignal;
}

/** Runs each test file in a process of its own and tells of it as soon as it ends. Failures are in the report; @throws the signal's reason */
export async function runFiles(files: readonly string[], options: RunFilesOptions): Promise<void> {
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runFile(file, options);
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
}

async function runFile(file: string, { root, limitMs, report, signal }: RunFilesOptions): Promise<void> {
  signal.throwIfAborted();
  const late = new AbortController();
  const words = `still running after ${limitMs / 1000} s: a test hangs, or something it began was never ended`;
  const timer = setTimeout(() => late.abort(new Error(words)), limitMs);
  try {
    await report.follow(run({ files: [file], cwd: root, signal: AbortSignal.any([signal, late.signal]) }));
  } finally {
    clearTimeout(timer);
  }
}
