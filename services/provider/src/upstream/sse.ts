import { endless, LineSplitter, maximumLine } from './lines.ts';

/** One server-sent event. */
export interface ServerSentEvent {
  /** `message` when the stream does not say. */
  readonly event: string;
  readonly data: string;
}

/** Comments and the fields of the format that say nothing here. */
const otherFields: ReadonlySet<string> = new Set(['', 'id', 'retry']);
const strayLimit = 64 * 1024;

/**
 * An incremental parser of `text/event-stream` (WHATWG HTML, 9.2.6). Unlike a browser it also gives an event whose
 * closing blank line is missing at the end of the stream: some servers leave it out after their last one.
 */
export class SseParser {
  readonly #lines: LineSplitter = new LineSplitter();
  #event = '';
  #data: string[] = [];
  #length = 0;
  #stray = '';

  /** Lines that are no part of the format, up to 64 Ki characters: where an error came as plain JSON, it is here. */
  get stray(): string {
    return this.#stray;
  }

  /**
   * The events this chunk completes.
   * @throws RefrainError `upstream` when a line or an event grows beyond 4 Mi characters.
   */
  push(chunk: Uint8Array): ServerSentEvent[] {
    return this.#parse(this.#lines.push(chunk));
  }

  /** What was still open when the stream ended. */
  end(): ServerSentEvent[] {
    return this.#parse([...this.#lines.end(), '']);
  }

  #parse(lines: readonly string[]): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) events.push({ event: this.#event || 'message', data: this.#data.join('\n') });
        this.#event = '';
        this.#data = [];
        this.#length = 0;
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
      if (field === 'data') this.#add(value);
      else if (field === 'event') this.#event = value;
      else if (!otherFields.has(field) && this.#stray.length < strayLimit) this.#stray += `${line}\n`;
    }
    return events;
  }

  #add(value: string): void {
    this.#data.push(value);
    this.#length += value.length;
    if (this.#length > maximumLine) throw endless();
  }
}
