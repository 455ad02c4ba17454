/**
 * The gate before a release: on a small labelled set that ships with the repository (`loadtest/src/quality/fit-gate.ts` made it) the
 * shipped decision may serve no more wrong pairs of each kind, and no fewer right ones in all, than stands here. The full measurement
 * is `npm run -s quality -- cache`, see docs/quality.md.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ChatSchema, Role } from '@refrain/contracts';
import { cacheability, createLexicalClassifier, createVerifier } from '@refrain/judgement';
import pairs from './gate-pairs.json' with { type: 'json' };

const classifier = createLexicalClassifier({
  simpleBelowCharacters: 100,
  complexWords: ['design', 'flow', 'ux', 'ui'],
});
const verifier = createVerifier({ maxWrongHitRate: 0.01 });

function isServed({ a, b, cosine }: (typeof pairs)[number]): boolean {
  const [stored, asked] = [a, b].map((text) => {
    const parts = [{ content: { case: 'text' as const, value: text } }];
    const chat = create(ChatSchema, { messages: [{ role: Role.USER, parts }] });
    const classification = classifier.classify(chat);
    return { classification, able: cacheability(chat, classification, 0.3).semantic };
  });
  if (!stored?.able || !asked?.able) return false;
  return 'accept' in verifier.decide(b, [{ question: a, cosine }], asked);
}

/** How many wrong pairs of a kind may be served; of kinds that are not named, none. */
const ceilings: Readonly<Record<string, number>> = { tricky_near: 1, modifier: 1 };

test('no kind of near miss is served more often than its ceiling', () => {
  const served = new Map<string, string[]>();
  for (const pair of pairs.filter(({ label }) => label === 0)) {
    if (isServed(pair)) served.set(pair.kind, [...(served.get(pair.kind) ?? []), `${pair.a} / ${pair.b}`]);
  }
  for (const [kind, texts] of served) assert.ok(texts.length <= (ceilings[kind] ?? 0), `${kind}: ${texts.join('; ')}`);
});

test('of the pairs that ask the same at least 45 % are served', () => {
  const right = pairs.filter(({ label }) => label === 1);
  const served = right.filter(isServed).length;
  assert.ok(served / right.length >= 0.45, `${served} of ${right.length}`);
});
