/**
 * Which thing acts on which: "the effect of A on B", "what effect does A have on B", "how does A affect B" and "how is B affected by A" say
 * one thing, and another with A and B exchanged, though hang the two on other small words each time.
 */
import type { Signature, Token } from '../signature/signature.ts';

const acts = new Set(['affect', 'effect', 'impact', 'influence', 'shape', 'threaten', 'harm', 'damage', 'benefit']);
const effects = new Set(['effect', 'impact', 'influence', 'consequence', 'implication', 'repercussion', 'benefit']);
const onto = new Set(['on', 'upon', 'to', 'for', 'over']);
/** Words of a thing that are looked at on either side: beyond them another part of the sentence begins. */
const reach = 4;

interface Claim {
  readonly from: ReadonlySet<string>;
  readonly to: ReadonlySet<string>;
}

/** Whether both say what acts on what, and each thing acts in one where it is acted on in the other. */
export function isOtherWayRound(a: Signature, b: Signature): boolean {
  const [one, other] = [claimOf(a.tokens), claimOf(b.tokens)];
  if (!one || !other) return false;
  const meet = (x: ReadonlySet<string>, y: ReadonlySet<string>) => [...x].some((lemma) => y.has(lemma));
  const isCrossed = meet(one.from, other.to) && meet(one.to, other.from);
  return isCrossed && !meet(one.from, other.from) && !meet(one.to, other.to);
}

function claimOf(tokens: readonly Token[]): Claim | undefined {
  return byNoun(tokens) ?? byVerb(tokens);
}

/** "The effect of A on B", "what effect does A have on B". */
function byNoun(tokens: readonly Token[]): Claim | undefined {
  const noun = tokens.findIndex(
    ({ lemma }, i) => effects.has(lemma) && /^(?:of|do|does|did|has|have|will|can)$/.test(tokens[i + 1]?.lower ?? ''),
  );
  if (noun < 0) return undefined;
  const on = tokens.findIndex(({ lower }, i) => i > noun + 2 && onto.has(lower));
  if (on < 0) return undefined;
  return toClaim(tokens.slice(noun + 1, on), tokens.slice(on + 1));
}

/** "A affects B", "B is affected by A". */
function byVerb(tokens: readonly Token[]): Claim | undefined {
  const verb = tokens.findIndex(
    // "The health benefits of it" are a thing.
    ({ lemma, role }, i) => i > 0 && acts.has(lemma) && role !== 'of' && tokens[i + 1]?.lower !== 'of',
  );
  if (verb < 0) return undefined;
  const before = tokens.slice(0, verb);
  const after = tokens.slice(verb + 1);
  return after[0]?.lower === 'by' ? toClaim(after.slice(1), before) : toClaim(before, after);
}

function toClaim(from: readonly Token[], to: readonly Token[]): Claim | undefined {
  const things = (tokens: readonly Token[]) => tokens.filter(({ kind }) => kind === 'word').map(({ lemma }) => lemma);
  const claim = { from: new Set(things(from).slice(-reach)), to: new Set(things(to).slice(0, reach)) };
  return claim.from.size > 0 && claim.to.size > 0 ? claim : undefined;
}
