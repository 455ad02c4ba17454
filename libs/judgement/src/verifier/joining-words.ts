/**
 * The small words that join the others. Most can stand for each other ("the capital of", "in"); of some pairs each says another thing:
 * "a gift for a child" is none from a child, and what is done before the exam is not done during it.
 */
import type { Signature } from '../signature/signature.ts';
import { framingWords } from '../signature/word-lists.ts';
import type { Alignment } from './align.ts';

const lists: readonly string[] = [
  'before | after during since while',
  'after | during by until while',
  'until | from since after once when',
  'from | for to into about',
  'by | about for against without to after',
  'about | to by with like against',
  'with | like against about without instead',
  'into | out from',
  'through via | to from',
  'within inside in | outside beyond around near behind',
  'within | to',
  'on | off beyond near behind beside',
  'behind | beside before under over on',
  'beside near | under inside',
  'if | unless until',
  'because | although despite',
  'once when after | until',
  'except | including like plus',
  'vor | nach',
  'mit | ohne',
  'avec | sans',
  'avant | après',
  'antes | después',
  'antes | depois',
  'prima | dopo',
];
const apart = new Map<string, Set<string>>();
for (const line of lists) {
  const [left = [], right = []] = line.split(' | ').map((words) => words.split(' '));
  const add = (one: string, other: string) => apart.set(one, (apart.get(one) ?? new Set()).add(other));
  for (const one of left) for (const other of right) [add(one, other), add(other, one)];
}

/** Whether two questions that have all else in common differ in one such word, and it says another thing. */
export function isJoinedOtherwise(a: Signature, b: Signature, { onlyA, onlyB }: Alignment): boolean {
  const isLeftOver = [...onlyA, ...onlyB].some(({ lower, lemma }) => !apart.has(lower) && !framingWords.has(lemma));
  if (isLeftOver) return false;
  const [one, ...more] = extra(a, b);
  const [other, ...others] = extra(b, a);
  if (one === undefined || other === undefined || more.length + others.length > 0) return false;
  return apart.get(one)?.has(other) === true;
}

/** The joining words that one has more often than the other. */
function extra({ tokens }: Signature, other: Signature): string[] {
  const own = tokens.flatMap(({ lower }) => (apart.has(lower) ? [lower] : []));
  for (const { lower } of other.tokens) {
    const at = own.indexOf(lower);
    if (at >= 0) own.splice(at, 1);
  }
  return own;
}

const steps = new Set(['then', 'before', 'after', 'until', 'because', 'instead', 'afterwards']);

/** Two steps that changed places around the word that says which comes first: "sand, then paint". */
export function isOtherSequence(a: Signature, b: Signature, { pairs }: Alignment): boolean {
  const i = a.tokens.findIndex(({ lower }) => steps.has(lower));
  const j = b.tokens.findIndex(({ lower }) => steps.has(lower));
  if (i < 0 || a.tokens[i]?.lower !== b.tokens[j]?.lower) return false;
  const crossed = pairs.filter((pair) => a.tokens[pair.a]?.kind !== 'function' && pair.a < i !== pair.b < j);
  return crossed.some((pair) => pair.a < i) && crossed.some((pair) => pair.a > i);
}
