/** What every case sends and receives: a prompt of a few dozen words, an answer of about 1 KiB. */
import { create } from '@bufbuild/protobuf';
import {
  type Answer,
  AnswerSchema,
  type Chat,
  ChatSchema,
  Complexity,
  FinishReason,
  Role,
  Source,
  Task,
} from '@refrain/contracts';

const sentence = 'The order of the steps matters less than that each of them can be undone when the next one fails. ';

/** The answer's text, about 1 KiB. */
export const sampleText = sentence.repeat(10).trim();

/** Words that questions are made of. */
export const nouns: readonly string[] = (
  'anchor apple arrow attic badge bakery banjo barrel basket beacon bishop blanket bottle branch bridge bucket butter ' +
  'cabin camera candle canyon carpet castle cattle cellar cement chapel cherry circus clover coffee comet copper cotton ' +
  'cradle crystal curtain dagger desert diesel dolphin donkey dragon drawer eagle elbow engine falcon feather fiddle ' +
  'forest fossil fountain garlic ginger glacier goblet guitar hammer harbor helmet honey hunter iceberg insect island ' +
  'jacket jungle kettle kitten ladder lantern lemon leopard lizard lobster magnet marble market meadow melon mirror ' +
  'monkey mortar museum needle nickel oyster paddle palace parrot pebble pepper pillow pirate planet pocket poison ' +
  'potato prairie pumpkin puzzle rabbit ribbon rocket saddle salmon sandal satellite scarf shovel silver sparrow spider ' +
  'squirrel statue summer sword temple thunder tiger timber tobacco tractor treasure tunnel turtle velvet violin ' +
  'volcano wagon walnut whistle willow window winter wizard yogurt zebra'
).split(' ');

/**
 * A question about six of the words, chosen by `n`: two questions are different in meaning, not only in a number, so
 * that a miss is a miss for the semantic level too.
 */
export function prompt(n: number): string {
  let seed = (n + 1) * 0x9e3779b1;
  const noun = () => {
    // One step of mulberry32 (Tommy Ettinger, public domain).
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return nouns[((mixed ^ (mixed >>> 14)) >>> 0) % nouns.length];
  };
  return `Why would a ${noun()} next to the ${noun()} and a ${noun()} remind anybody of ${noun()}, of a ${noun()} in the rain and of the old ${noun()} my grandmother kept?`;
}

/**
 * The same question as `prompt(n)` in another word, and typed in another way: another exact key, the same meaning. `variant` counts up
 * and is written into the gaps between the words, so no two are alike.
 */
export function paraphrase(n: number, variant: number): string {
  let bits = variant;
  return prompt(n)
    .replace('anybody', 'anyone')
    .replace(/ /g, () => {
      const doubled = (bits & 1) === 1;
      bits >>= 1;
      return doubled ? '  ' : ' ';
    });
}

/** The prompt as the canonical request. */
export function toChat(text: string): Chat {
  return create(ChatSchema, {
    model: 'auto',
    messages: [{ role: Role.USER, parts: [{ content: { case: 'text', value: text } }] }],
  });
}

/** An answer as the limits return it. */
export function sampleAnswer(): Answer {
  return create(AnswerSchema, {
    requestId: '01930000-0000-7000-8000-000000000000',
    text: sampleText,
    finishReason: FinishReason.STOP,
    usage: { promptTokens: 20, completionTokens: 30 },
    cost: { nanoUsd: 0n, savedNanoUsd: 1000n },
    provenance: {
      source: Source.EXACT,
      provider: 'bench',
      model: 'bench',
      reason: 'cache:exact',
      entryId: 'x'.repeat(22),
      ageSeconds: 1,
      classification: { task: Task.TEXT, complexity: Complexity.MEDIUM, reason: 'default' },
    },
    createdAtMs: 1_764_000_000_000n,
  });
}
