import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { cosine } from '../../src/embedder/vector.ts';
import { byMeaning, startParts } from '../rig.ts';
import { attacks, payloads, searchCollision, victims } from './attack-prompts.ts';

const { embedder, start } = await startParts({ deadlineMs: 10_000 });
const rig = await start();

const all = attacks();

/** A few at once: enough to keep the embedder busy, too few to wait long. */
async function inTurns<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += 8) {
    results.push(...(await Promise.all(items.slice(from, from + 8).map(each))));
  }
  return results;
}

/** The cosine of two prompts, 0 where the embedder cannot read one of them whole. */
async function nearness(victim: string, prompt: string): Promise<number> {
  try {
    const [a, b] = [await embedder.embed(victim, 'patient'), await embedder.embed(prompt, 'patient')];
    return cosine(a, b);
  } catch (error) {
    if (error instanceof RefrainError && error.code === 'unsupported') return 0;
    throw error;
  }
}

test('the attempts are worth the name: a cosine of 0.85 alone would serve every third', async (t) => {
  const searched = await inTurns([...victims.entries()], ([i, victim]) =>
    searchCollision(victim, payloads[i % payloads.length] ?? '', nearness),
  );
  all.push(...searched);
  const near = await inTurns(all, ({ victim, prompt }) => nearness(victim, prompt));
  const share = (threshold: number) => near.filter((each) => each >= threshold).length / near.length;
  t.diagnostic(`${all.length} prompts: ${[0.8, 0.85, 0.9].map((at) => `${share(at).toFixed(2)} at ${at}`).join(', ')}`);
  assert.ok(all.length >= 550 && share(0.85) >= 1 / 3);
});

test('no prompt made to collide has its answer served for a victim’s question', async (t) => {
  let stored = 0;
  const refused = new Map<string, number>();
  await inTurns([...all.entries()], async ([i, { prompt }]) => {
    const reply = await rig.put('acme', prompt, `poison ${i}`);
    if (reply.stored) stored += 1;
    else refused.set(reply.refusedReason, (refused.get(reply.refusedReason) ?? 0) + 1);
  });
  t.diagnostic(`${stored} of ${all.length} answers stored; refused: ${JSON.stringify(Object.fromEntries(refused))}`);
  const served: string[] = [];
  for (const victim of victims) {
    const { answer } = await rig.get('acme', victim);
    if (answer) served.push(`${victim} <- ${all[Number(answer.text.split(' ')[1])]?.prompt}`);
  }
  assert.deepEqual(served, []);
});

test('alone with its victim no prompt fares better', async (t) => {
  const served: string[] = [];
  await inTurns([...all.entries()], async ([i, { victim, prompt }]) => {
    const tenant = `alone-${i}`;
    const { stored } = await rig.put(tenant, prompt, 'poison');
    if (stored && (await rig.get(tenant, victim, byMeaning)).answer) served.push(`${victim} <- ${prompt}`);
  });
  t.diagnostic(`${served.length} of ${all.length} hijacked`);
  assert.deepEqual(served, []);
});

test('a victim’s answer is not read by a prompt made to collide', async (t) => {
  for (const victim of victims) await rig.put('victims', victim, `secret of ${victim}`);
  const read: string[] = [];
  await inTurns(all, async ({ kind, prompt }) => {
    const { answer } = await rig.get('victims', prompt);
    if (answer) read.push(`${kind}: ${prompt} <- ${answer.text}`);
  });
  t.diagnostic(`${read.length} of ${all.length} read`);
  assert.deepEqual(read, []);
});
