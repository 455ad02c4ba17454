/**
 * Vectors on disk, so that a second measurement embeds nothing: fixed records of a key (half a SHA-256 of the text), a state and the
 * vector, appended as they come. A record that was cut off when a run was killed is dropped.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Numbers in a vector. */
export const dimensions = 384;
const keyBytes = 16;
const recordBytes = keyBytes + 4 + dimensions * 4;

/** The vector of a text, or why the embedder has none for it. */
export type Embedding = Float32Array | 'too_long' | 'unknown_symbols';

const states = ['vector', 'too_long', 'unknown_symbols'] as const;

/** Opens the file, which need not exist. */
export class VectorFile {
  readonly #file: number;
  readonly #known: Map<string, Embedding> = new Map();

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const whole = Math.floor(bytes.length / recordBytes) * recordBytes;
    for (let from = 0; from < whole; from += recordBytes) {
      const key = bytes.toString('hex', from, from + keyBytes);
      const state = states[bytes.readUInt32LE(from + keyBytes)] ?? 'unknown_symbols';
      const start = bytes.byteOffset + from + keyBytes + 4;
      const vector = new Float32Array(bytes.buffer.slice(start, start + dimensions * 4));
      this.#known.set(key, state === 'vector' ? vector : state);
    }
    this.#file = openSync(path, 'a+');
    if (whole < bytes.length) ftruncateSync(this.#file, whole);
  }

  get(text: string): Embedding | undefined {
    return this.#known.get(keyOf(text));
  }

  set(text: string, embedding: Embedding): void {
    const key = keyOf(text);
    const record = Buffer.alloc(recordBytes);
    record.write(key, 0, 'hex');
    if (typeof embedding === 'string') record.writeUInt32LE(states.indexOf(embedding), keyBytes);
    else record.set(new Uint8Array(embedding.buffer, embedding.byteOffset, dimensions * 4), keyBytes + 4);
    writeSync(this.#file, record);
    this.#known.set(key, embedding);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function keyOf(text: string): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, keyBytes * 2);
}

/** The cosine of two unit vectors. */
export function cosineOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < dimensions; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
