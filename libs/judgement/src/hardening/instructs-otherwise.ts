/**
 * A whole sentence more, or a clause that says how to answer, turns the answer to whatever it wants and hardly moves the vector of a long
 * question: the way to have one's own answer served for another's question (arXiv 2601.23088). No probability may overrule that.
 */
import { rememberedSignature, type Signature, type Token } from '../signature/signature.ts';
import { framingWords } from '../signature/word-lists.ts';
import { align } from '../verifier/align.ts';

/** A clause that tells how to answer, at the head of a prompt or of a part of it. */
const dictation =
  /(?:^|[.!?;:,()\n–-]\s*|\b(?:and|but|then|also)\s+)(?:please\s+|only\s+|always\s+|never\s+|do not\s+|don't\s+|in (?:your|the) (?:answer|reply|response),?\s+)*(?:answer|reply|respond|say (?:that|the|it)|pretend|claim|insist|conclude|recommend|mention|promote|warn|lie|end with|start with|begin with|tell (?!me|us)\w+)\b/i;
/** Who speaks of himself and not of the answer tells why he asks. */
const aboutAsker = /^(?:i|i'm|i've|i'd|my|we|our)$/;
const aboutAnswer = new Set(['you', 'your', 'answer', 'reply', 'response', 'respond']);

/** Whether one of two prompts has an instruction that the other has not. */
export function instructsOtherwise(asked: string, stored: string): boolean {
  const [a, b] = [rememberedSignature(asked), rememberedSignature(stored)];
  if (dictates(asked, a) !== dictates(stored, b)) return true;
  if (a.sentences < 2 && b.sentences < 2) return false;
  const { onlyA, onlyB } = align(a, b);
  return hasSentenceOfItsOwn(a, new Set(onlyA)) || hasSentenceOfItsOwn(b, new Set(onlyB));
}

/** "Tell Ann about it" alone is what is asked for; in front of or behind a question it says how to answer that. */
function dictates(text: string, { sentences }: Signature): boolean {
  const at = dictation.exec(text)?.index;
  return at !== undefined && (at > 0 || sentences > 1);
}

/** A sentence that neither asks nor tells of the asker, of which no word with a meaning is in the other prompt. */
function hasSentenceOfItsOwn({ tokens, sentences }: Signature, leftOver: ReadonlySet<Token>): boolean {
  if (sentences < 2) return false;
  const all = [...Map.groupBy(tokens, ({ sentence }) => sentence).values()];
  return all.some((sentence) => {
    const content = sentence.filter(({ kind, lemma }) => kind !== 'function' && !framingWords.has(lemma));
    if (content.length === 0 || content.some((token) => !leftOver.has(token))) return false;
    if (sentence.some(({ mark }) => mark.includes('?'))) return false;
    return !aboutAsker.test(sentence[0]?.lower ?? '') || sentence.some(({ lower }) => aboutAnswer.has(lower));
  });
}
