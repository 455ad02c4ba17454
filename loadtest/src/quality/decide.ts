/**
 * The cache's own decision for texts: the same classifier, cacheability and verifier that router and cache call, the same reasons to
 * have no vector, the same partition by language.
 */
import { create } from '@bufbuild/protobuf';
import { type Chat, ChatSchema, type Classification, Role } from '@refrain/contracts';
import {
  type Candidate,
  cacheability,
  createLexicalClassifier,
  createThresholdVerifier,
  createVerifier,
  judge,
  languageOf,
  type Traffic,
  type Verifier,
} from '@refrain/judgement';
import type { Vectors } from './embed-texts.ts';
import { plainGuardsRefuse } from './plain-guards.ts';
import { cosineOf } from './vector-file.ts';

/** As `refrain.yaml` ships. */
export const classifier = createLexicalClassifier({
  simpleBelowCharacters: 100,
  complexWords: ['design', 'flow', 'ux', 'ui'],
});
export const maximumTemperature = 0.3;

/** A question as the semantic level sees it. */
export interface Asked {
  readonly text: string;
  /** Absent where the semantic level is skipped, with the reason. */
  readonly vector?: Float32Array | undefined;
  readonly skipped?: string | undefined;
  readonly partition: string;
  readonly classification: Classification;
}

/** Prepares a question, and remembers it. `history` are the turns before, oldest first. */
export function createAsker(vectorOf: Vectors): (text: string, history?: readonly string[]) => Asked {
  const known = new Map<string, Asked>();
  return (text, history = []) => {
    const key = JSON.stringify([text, history]);
    const done = known.get(key);
    if (done) return done;
    const chat = chatOf(text, history);
    const classification = classifier.classify(chat);
    const { semanticReason } = cacheability(chat, classification, maximumTemperature);
    const embedding = semanticReason ? undefined : vectorOf(text);
    const skipped = semanticReason ?? (typeof embedding === 'string' ? embedding : undefined);
    const asked: Asked = {
      text,
      skipped,
      vector: typeof embedding === 'string' ? undefined : embedding,
      partition: `${languageOf(text)}/${JSON.stringify(history)}`,
      classification,
    };
    known.set(key, asked);
    return asked;
  };
}

/** A question with the asker's turns before it; what was answered to those is not known, and stands for an answer in prose. */
export function chatOf(text: string, history: readonly string[]): Chat {
  const message = (role: Role, value: string) => ({ role, parts: [{ content: { case: 'text' as const, value } }] });
  const turns = history.flatMap((turn) => [
    message(Role.USER, turn),
    message(Role.ASSISTANT, 'Here is what is known about that.'),
  ]);
  return create(ChatSchema, { messages: [...turns, message(Role.USER, text)] });
}

/** A way to decide, with its name in tables and pictures. */
export interface Decider {
  readonly name: string;
  /** With `traffic` as a partition's, which it learns from. */
  decide(asked: Asked, candidates: readonly Candidate[], traffic?: Traffic): { accept?: number; refuse?: string };
}

/** The cache's decision by a verifier. */
export function byVerifier(name: string, verifier: Verifier): Decider {
  return {
    name,
    decide: ({ text, classification }, candidates, traffic) => {
      const verdict = verifier.decide(text, candidates, { classification, shift: traffic?.shift });
      if (verdict.likeliest !== undefined) traffic?.saw(verdict.likeliest);
      return 'accept' in verdict ? { accept: verdict.accept } : { refuse: verdict.refuse };
    },
  };
}

/** The shipped decision at a budget. */
export const shipped = (maxWrongHitRate: number): Decider =>
  byVerifier('verified', createVerifier({ maxWrongHitRate }));

/** A cosine cut, nothing else. */
export const cosineCut = (threshold: number): Decider => byVerifier('threshold', createThresholdVerifier(threshold));

/** A cosine cut behind plain guards: digits, negation, opposites, capitalised words. */
export function guardedCut(threshold: number): Decider {
  return {
    name: 'plain guards',
    decide: ({ text }, candidates) => {
      let accept = -1;
      for (const [i, { question, cosine }] of candidates.entries()) {
        if (cosine < threshold || cosine <= (candidates[accept]?.cosine ?? -1)) continue;
        if (!plainGuardsRefuse(text, question)) accept = i;
      }
      return accept < 0 ? { refuse: 'below_threshold' } : { accept };
    },
  };
}

/** Whether a stored question may answer an asked one: both may be compared, in one partition, and the decision accepts. */
export function servesPair(decider: Decider, stored: Asked, asked: Asked): { served: boolean; reason: string } {
  const reason = apart(stored, asked);
  if (reason) return { served: false, reason };
  const candidate = candidateOf(stored, asked);
  const { accept, refuse = '' } = decider.decide(asked, [candidate]);
  return { served: accept === 0, reason: refuse };
}

/** What is never served by similarity, whatever it is compared with. */
const barring = new Set(['action', 'volatile', 'personal', 'record']);

/** Swept: what the verifier thinks of the pair; what a rule refuses, or an action, stands far below what nothing refuses. */
export function scorePair(stored: Asked, asked: Asked, vectorOf: Vectors): number {
  const x = vectorOf(stored.text);
  const y = vectorOf(asked.text);
  const cosine = typeof x === 'string' || typeof y === 'string' ? 0.5 : cosineOf(x, y);
  const { score, refusal } = judge(asked.text, stored.text, cosine);
  const isBarred = [stored, asked].some(({ skipped }) => skipped !== undefined && barring.has(skipped));
  return score * (refusal ? 0.05 : 1) * (isBarred ? 0.1 : 1);
}

/** The pair's candidate, with the cosine of its vectors. */
export function candidateOf(stored: Asked, asked: Asked): Candidate {
  const cosine = stored.vector && asked.vector ? cosineOf(stored.vector, asked.vector) : 0;
  return { question: stored.text, cosine };
}

function apart(stored: Asked, asked: Asked): string | undefined {
  if (asked.skipped) return asked.skipped;
  if (stored.skipped) return stored.skipped;
  return stored.partition === asked.partition ? undefined : 'partition';
}
