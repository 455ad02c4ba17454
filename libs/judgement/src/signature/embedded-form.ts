/**
 * What the embedder reads of a question. Courtesy, spacing and the mark at the end move a vector though they change nothing (dropping the
 * question mark alone costs a tenth of the cosine), and one pictograph makes a text unreadable to it. The verifier compares the questions
 * as they were written, so nothing is lost by taking them off here.
 */
import { fillers } from './courtesy.ts';

const any = fillers
  .map((words) => words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join(' '))
  .join('|');
const opening = new RegExp(`^(?:${any})(?![\\p{L}\\p{N}'’-])[\\s,.!:;-]*`, 'iu');
const closing = new RegExp(`[\\s,.!?;:-](?:${any})[\\s,.!?;:)-]*$`, 'iu');
/** No tokenizer of words knows these. */
const pictographs = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Co}\p{Cf}]|\uFE0F|\u20E3/gu;
const outer = /^[^\p{L}\p{N}$#/.<-]+|[\s?.!,;:]+$/gu;

/** The text to embed in place of `question`; always the same for the same question, and the question itself where nothing would be left. */
export function embeddedForm(question: string): string {
  const plain = question.normalize('NFC').replace(pictographs, ' ').replace(/\s+/g, ' ').trim();
  const core = without(opening, without(closing, plain)).replace(outer, '').trim();
  return core === '' ? question : `${core}?`;
}

/** Courtesies stand in rows ("Hi, could you please tell me"): one after the other, so that no text makes it slow. */
function without(courtesy: RegExp, text: string): string {
  let [before, after] = [text, text.replace(courtesy, '')];
  while (after !== before) [before, after] = [after, after.replace(courtesy, '')];
  return after;
}
