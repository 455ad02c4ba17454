import type { Signature } from '../signature/signature.ts';

/** Overlap of letter triples over all words with a meaning, 0 to 1: what words have in common beyond the lexicon. */
export function trigramOverlap(a: Signature, b: Signature): number {
  const left = trigrams(a);
  const right = trigrams(b);
  let shared = 0;
  for (const each of left) if (right.has(each)) shared += 1;
  const union = left.size + right.size - shared;
  return union === 0 ? 1 : shared / union;
}

const known = new WeakMap<Signature, Set<string>>();

function trigrams(signature: Signature): Set<string> {
  const done = known.get(signature);
  if (done) return done;
  const found = new Set<string>();
  for (const { kind, lower } of signature.tokens) {
    if (kind === 'function') continue;
    const word = ` ${lower} `;
    for (let i = 0; i + 3 <= word.length; i += 1) found.add(word.slice(i, i + 3));
  }
  known.set(signature, found);
  return found;
}
