/**
 * Cuts a byte stream into lines, whatever way the network cut it into chunks: a chunk may end inside a character or
 * between CR and LF. Lines end with LF, CR LF or CR, as the SSE standard has it.
 */
import { StringDecoder } from 'node:string_decoder';
import { RefrainError } from '@refrain/errors';

/** 4 Mi characters: larger than any tool call's arguments, small enough that a peer cannot fill our memory. */
export const maximumLine: number = 4 * 1024 * 1024;

/** Feed it chunks, get whole lines. */
export class LineSplitter {
  readonly #decoder: StringDecoder = new StringDecoder('utf8');
  #rest = '';
  #skipLineFeed = false;
  #first = true;

  /**
   * The lines this chunk completes, without their ends.
   * @throws RefrainError `upstream` when a line grows beyond 4 Mi characters.
   */
  push(chunk: Uint8Array): string[] {
    return this.#cut(this.#decoder.write(chunk));
  }

  /** The unfinished last line, if the stream ended without a line end. */
  end(): string[] {
    const lines = this.#cut(this.#decoder.end());
    if (this.#rest !== '') lines.push(this.#rest);
    this.#rest = '';
    return lines;
  }

  #cut(decoded: string): string[] {
    let text = decoded;
    if (text === '') return [];
    if (this.#first) {
      this.#first = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    if (this.#skipLineFeed && text.charCodeAt(0) === 10) text = text.slice(1);
    this.#skipLineFeed = text.charCodeAt(text.length - 1) === 13;
    const lines = text.includes('\r') ? text.split(/\r\n|\r|\n/) : text.split('\n');
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > maximumLine) throw endless();
    return lines;
  }
}

/** The error for a line, or an event of lines, that does not end. */
export function endless(): RefrainError {
  return new RefrainError('upstream', 'The provider sent a line without end.', { reason: 'MALFORMED' });
}
