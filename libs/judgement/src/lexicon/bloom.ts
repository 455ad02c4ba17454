/** Bits in the filter over all known words: 9 for each of 80,000, so that about 1 unknown word in 60 is taken for a known one. */
export const bloomBits = 720_896;

/** Where a word's bits are. */
export function bloomPlaces(word: string): number[] {
  let first = 2166136261;
  let second = 5381;
  for (let i = 0; i < word.length; i += 1) {
    const code = word.charCodeAt(i);
    first = Math.imul(first ^ code, 16777619);
    second = (Math.imul(second, 33) + code) | 0;
  }
  second |= 1;
  return [0, 1, 2, 3, 4, 5].map((i) => ((first + Math.imul(i, second)) >>> 0) % bloomBits);
}
