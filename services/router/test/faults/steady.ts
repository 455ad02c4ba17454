/** A steady trickle of questions whose every outcome is judged, and upstreams whose answers show what they were asked. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { type Ended, eventually, type RecordedCall, type Reply, startTrickle, type Trickle } from '@refrain/testkit';
import type { TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { doors, type Outcome } from './outcome.ts';

const things =
  'anchor apple barley beacon bishop button candle canyon castle cellar cherry circus comet copper cricket dolphin dragon engine falcon feather fiddle forest garlic glacier hammer harbour hedgehog island jungle kettle ladder lantern lemon lighthouse magnet marble meadow mirror monsoon needle onion orchid oyster parrot pepper piano pillow planet puzzle rabbit raven rocket saddle sailor salmon shadow spider statue temple thunder tiger tulip tunnel velvet violin volcano walnut whisky willow window winter zebra'.split(
    ' ',
  );

/** For `refrain.yaml`: the questions here differ by a few words, and only the same one in another spelling may count as the same. */
export const sameMeaningOnly = 'cache: { semantic: { mode: threshold, threshold: 0.99 } }';

/** A question nobody has asked and that means nothing like any other. */
export function freshQuestion(): string {
  const left = [...things];
  const chosen = Array.from({ length: 5 }, () => left.splice(randomInt(left.length), 1)[0]);
  return `What links ${chosen.join(', ')}?`;
}

let spellings = 0;

/** A question in a new spelling: another exact key, the same meaning to an embedder that does not see case. */
export function respelt(question: string): string {
  spellings += 1;
  const letters = [...question.toLowerCase()];
  return letters.map((letter, i) => ((spellings >> i) % 2 === 1 ? letter.toUpperCase() : letter)).join('');
}

/** The right answer to a question. */
export function rightAnswer(question: string): string {
  return `An answer to: ${question}`;
}

/** What an upstream was asked. */
export function questionIn({ body }: Pick<RecordedCall, 'body'>): string {
  const messages = body.messages as { content: string | { text: string }[] }[];
  const content = messages.at(-1)?.content ?? '';
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
}

/** Lets both upstreams answer whatever they are asked; `how` adds pace or mishaps to questions of its choice. */
export function answerRightly(
  { one, two }: Pick<TestMesh, 'one' | 'two'>,
  how: (question: string) => Reply = () => ({}),
): void {
  for (const upstream of [one, two]) {
    upstream.otherwise((call) => {
      const question = questionIn(call);
      return { text: rightAnswer(question), ...how(question) };
    });
  }
}

/** How often each question went upstream. */
export function upstreamCounts({ one, two }: Pick<TestMesh, 'one' | 'two'>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const call of [...one.calls, ...two.calls]) {
    const question = questionIn(call);
    counts.set(question, (counts.get(question) ?? 0) + 1);
  }
  return counts;
}

/** Asks a question until the cache answers it. */
export async function teach(mesh: TestMesh, question: string): Promise<void> {
  await eventually(async () => (await ask(mesh, 'http', question)).source === 'exact', {
    what: `the cache to know ${question}`,
  });
}

const everyMs = 30;

/** Asks what the cache knows and what nobody asked before in turn, through one door after the other. */
export function startAsking(mesh: TestMesh, known: string): Trickle<Outcome> {
  return startTrickle(everyMs, (n) => {
    const door = doors[(n >> 1) % doors.length] ?? 'http';
    return ask(mesh, door, n % 2 === 0 ? known : freshQuestion());
  });
}

/** Waits until so many that are called from now on are over. */
export async function more<T>(trickle: Trickle<T>, count: number): Promise<void> {
  const moment = performance.now();
  const enough = () => since(trickle.ended, moment).length >= count;
  await eventually(enough, { what: `${count} more answers`, timeoutMs: 20_000 });
}

/** Those that were called at or after a moment. */
export function since<T>(ended: readonly Ended<T>[], moment: number): Ended<T>[] {
  return ended.filter(({ calledAtMs }) => calledAtMs >= moment);
}

/** What must not be: an error, or words that are not the answer to the question. */
export function wrongOnes(ended: readonly Ended<Outcome>[]): Outcome[] {
  return ended
    .map(({ value }) => value)
    .filter(({ error, question, text }) => error !== undefined || text !== rightAnswer(question));
}

/** The milliseconds below which so much of all (0 to 1) ended. */
function quantile(ended: readonly Ended<unknown>[], part: number): number {
  const sorted = ended.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/**
 * A part of the cache that is away costs some calls its deadline (150 ms of Redis, 100 of Chroma, at each of two lookups) and most
 * nothing: those between the two moments against those before, for the machine may have more to do.
 */
export function assertHardlySlower(ended: readonly Ended<unknown>[], from: number, until: number): void {
  const before = ended.filter(({ calledAtMs }) => calledAtMs < from);
  const meanwhile = since(ended, from).filter(({ calledAtMs }) => calledAtMs < until);
  assert.ok(before.length >= 10 && meanwhile.length >= 50, `only ${before.length} and ${meanwhile.length} asked`);
  const added = (part: number) => Math.round(quantile(meanwhile, part) - quantile(before, part));
  assert.ok(added(1) < 1000, `the slowest took ${added(1)} ms more`);
  assert.ok(added(0.5) < 100, `half took ${added(0.5)} ms more`);
}
