/**
 * What a partition of any size is filled with. A few hundred questions have the vector the model gives them: they are what the lookups are
 * about, and around them lies what no model could embed in a minute: questions whose vectors are mixed of two real ones and some noise,
 * so that they lie as real ones do, in clusters, where a graph has work to do.
 */
import { createHash } from 'node:crypto';
import { embeddedForm } from '@refrain/judgement';
import { dimensions } from '../limits/embedder.ts';
import { nouns, paraphrase, prompt } from '../payload.ts';

/** Questions that are answered, each asked in other words; as many are asked that nobody has answered. What the embedder remembers holds both. */
export const askedQuestions = 200;
const baseQuestions = 800;
const unanswered = 2_000_000;
const noise = 0.25;

const frames: readonly ((a: string, b: string, c: string, d: string) => string)[] = [
  (a, b, c, d) => `How does a museum keep a ${a} and a ${b} away from the ${c} and the ${d}?`,
  (a, b, c, d) => `What is the difference between a ${a} of ${b} and a ${c} of ${d}?`,
  (a, b, c, d) => `Explain in two sentences how a ${a} made of ${b} was carried by a ${c} with a ${d}.`,
  (a, b, c, d) => `Who painted the ${a} with the ${b}, and why are a ${c} and a ${d} beside it?`,
  (a, b, c, d) => `Which fable has a ${a} that lost its ${b} to a ${c} near the ${d}?`,
  (a, b, c, d) =>
    `Which of these would a painter put into the corner of a picture: the ${a}, the ${b}, the ${c} or the ${d}?`,
  (a, b, c, d) => `Why did sailors trade a ${a} and a ${b} for a ${c} and a ${d}?`,
  (a, b, c, d) => `Can a ${a} be repaired with a ${b}, as a ${c} is with a ${d}?`,
];

/** A question to be stored, with its vector. */
export interface Stored {
  readonly question: string;
  readonly vector: Float32Array;
}

/** Question `n` of those that fill a partition; no two are alike. */
export function filler(n: number): string {
  const frame = frames[n % frames.length];
  if (!frame) throw new RangeError('there are no frames');
  // The nouns are the digits of the number, turned by a step that is prime to their number, so that neighbours share none of them.
  let rest = (Math.floor(n / frames.length) + 1) * 7_368_787;
  const noun = () => {
    const each = nouns[rest % nouns.length] ?? '';
    rest = Math.floor(rest / nouns.length);
    return each;
  };
  return frame(noun(), noun(), noun(), noun());
}

/** What is stored with the model's own vector: the questions that will be asked, and those the others are mixed of. */
export function baseTexts(): string[] {
  const asked = Array.from({ length: askedQuestions }, (_, i) => prompt(i));
  return [...asked, ...Array.from({ length: baseQuestions }, (_, i) => filler(i))];
}

/** Known questions in other words. */
export function hits(): string[] {
  return Array.from({ length: askedQuestions }, (_, i) => paraphrase(i, 0));
}

/** Questions that are like the known ones and have no answer. */
export function misses(): string[] {
  return Array.from({ length: askedQuestions }, (_, i) => prompt(unanswered + i));
}

/** The first `size` entries of a partition. */
export function* entries(size: number, base: readonly Stored[]): Generator<Stored> {
  yield* base.slice(0, size);
  for (let n = base.length; n < size; n += 1) {
    const question = filler(n);
    yield { question, vector: mix(question, base.slice(askedQuestions)) };
  }
}

/** The vector of a question no model has seen: the same for the same text, of length 1. */
function mix(text: string, base: readonly Stored[]): Float32Array {
  const seed = createHash('sha256').update(text).digest();
  const pick = (at: number) => base[seed.readUInt32LE(at) % base.length]?.vector ?? new Float32Array(dimensions);
  const [a, b] = [pick(0), pick(4)];
  const weight = 0.5 + (seed.readUInt8(8) / 255) * 0.4;
  const random = createRandom(seed.readUInt32LE(12));
  const mixed = a.map((each, i) => weight * each + (1 - weight) * (b[i] ?? 0));
  const scale = noise / Math.sqrt(dimensions);
  const noisy = mixed.map((each) => each + scale * (random() + random() + random() - 1.5) * 2);
  const norm = Math.hypot(...noisy);
  return noisy.map((each) => each / norm);
}

/** From 0 to 1; xorshift32 (George Marsaglia, 2003). */
function createRandom(seed: number): () => number {
  let state = seed || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A record of the file that `services/cache/src/embedder/given-vectors.ts` reads. */
export function toRecord({ question, vector }: Stored): Buffer {
  const key = createHash('sha256').update(embeddedForm(question)).digest().subarray(0, 16);
  return Buffer.concat([key, Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)]);
}
