import { relative } from 'node:path';
import type { run } from 'node:test';
import { inspect } from 'node:util';

/** The events of one run of node's own test runner. */
export type TestEvents = ReturnType<typeof run>;

const counted = ['tests', 'suites', 'passed', 'failed', 'cancelled', 'skipped', 'todo'] as const;
/** How many tests there were and how they went. */
export type Totals = Record<(typeof counted)[number], number>;

const shownOutputLines = 40;

/**
 * What a person reads of the tests: a line for each file, failures and skips at once with all there is to know, and at the end
 * the runner's closing lines with the totals of all runs.
 */
export class Report {
  readonly #write: (text: string) => void;
  readonly #root: string;
  readonly #began = performance.now();
  readonly totals: Totals = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 };

  /** @param root paths are shown from there */
  constructor(root: string, write: (text: string) => void) {
    this.#root = root;
    this.#write = write;
  }

  /** A line of its own. */
  say(line: string): void {
    this.#write(`${line}\n`);
  }

  /** Tells loudly of a file that is not run; counts as one skipped test. */
  skip(file: string, reason: string): void {
    this.say(`  - SKIPPED: ${file}: ${reason}`);
    this.totals.tests += 1;
    this.totals.skipped += 1;
  }

  /** Tells of a run until it ends. */
  async follow(events: TestEvents): Promise<void> {
    const outputs = new Map<string, string>();
    const paths = new Map<string, string[]>();
    // By the path as shown: some events name a file by its whole path, others as it was given.
    const outputOf = (file: string | undefined) => outputs.get(this.#show(file)) ?? '';
    const collect = ({ file, message }: { file: string; message: string }) =>
      outputs.set(this.#show(file), outputOf(file) + message);
    events.on('test:stdout', collect);
    events.on('test:stderr', collect);
    events.on('test:start', ({ file = '', name, nesting }) => {
      paths.set(file, [...(paths.get(file) ?? []).slice(0, nesting), name]);
    });
    events.on('test:pass', ({ file, name, skip, todo }) => {
      if (skip !== undefined) this.say(`  - skipped: ${name} (${this.#show(file)})${reasonOf(skip)}`);
      if (todo !== undefined) this.say(`  - to do: ${name} (${this.#show(file)})${reasonOf(todo)}`);
    });
    events.on('test:fail', ({ file = '', line, name, nesting, details }) => {
      const error = details.error as Error & { failureType?: string; cause?: unknown; exitCode?: number };
      // Its own failures were told.
      if (error.failureType === 'subtestsFailed') return;
      const isFile = this.#show(name) === this.#show(file);
      const path = isFile ? 'the file itself' : [...(paths.get(file) ?? []).slice(0, nesting), name].join(' › ');
      this.say(`✖ ${this.#show(file)}:${line ?? 1}  ${path}`);
      const how = error.exitCode === undefined ? error.message : `exit code ${error.exitCode}`;
      const told = isFile ? `${how}\n${lastLines(outputOf(file))}` : inspect(error.cause ?? error);
      this.say(indent(told));
    });
    events.on('test:summary', ({ file, counts: found, duration_ms }) => {
      // @types/node leaves `failed` out.
      const counts = { failed: 0, ...found };
      if (file === undefined) return this.#add(counts);
      const mark = counts.failed + counts.cancelled > 0 ? '✖' : '✔';
      const seconds = (duration_ms / 1000).toFixed(1).padStart(6);
      this.say(`${mark} ${seconds} s  ${String(counts.tests).padStart(4)} tests  ${this.#show(file)}`);
      if (mark === '✖' && outputOf(file) !== '') this.say(indent(`it printed:\n${lastLines(outputOf(file))}`));
    });
    for await (const _event of events) {
      // The listeners tell; reading keeps the stream going.
    }
  }

  /** The closing lines, as the runner itself ends. */
  close(): void {
    const { tests, suites, passed, failed, cancelled, skipped, todo } = this.totals;
    const lines = Object.entries({ tests, suites, pass: passed, fail: failed, cancelled, skipped, todo });
    for (const [name, count] of lines) this.say(`ℹ ${name} ${count}`);
    this.say(`ℹ duration_ms ${(performance.now() - this.#began).toFixed(3)}`);
  }

  #add(counts: Totals): void {
    for (const name of counted) this.totals[name] += counts[name];
  }

  #show(file = ''): string {
    return file.startsWith('/') ? relative(this.#root, file) : file;
  }
}

function reasonOf(reason: string | boolean): string {
  return typeof reason === 'string' ? `: ${reason}` : '';
}

function lastLines(output: string): string {
  const lines = output.trimEnd().split('\n');
  const left = lines.length - shownOutputLines;
  return [...(left > 0 ? [`… ${left} lines before`] : []), ...lines.slice(-shownOutputLines)].join('\n');
}

function indent(text: string): string {
  return text.trimEnd() === '' ? '' : text.trimEnd().replaceAll(/^/gm, '    ');
}
