import { LineSplitter } from './lines.ts';

/** An incremental parser of newline-delimited JSON; gives each line's text, blank lines left out. */
export class NdjsonParser {
  readonly #lines: LineSplitter = new LineSplitter();

  /** The lines this chunk completes. */
  push(chunk: Uint8Array): string[] {
    return this.#lines.push(chunk).filter((line) => line.trim() !== '');
  }

  /** What was still open when the stream ended. */
  end(): string[] {
    return this.#lines.end().filter((line) => line.trim() !== '');
  }
}
