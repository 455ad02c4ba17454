/** Tenants never meet: whatever they ask, store and remove, in whatever order, and however they are called. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Chat, Role } from '@refrain/contracts';
import { startChroma, startRedis, type TestServer } from '@refrain/testkit';
import type { EmbedderProcess } from '../src/embedder/embedder-process.ts';
import { chatOf, type Rig, startEmbedder, startRig } from './rig.ts';

let redis: TestServer;
let chroma: TestServer;
let embedder: EmbedderProcess;
let rig: Rig;

before(async () => {
  [redis, chroma, embedder] = await Promise.all([startRedis(), startChroma(), startEmbedder()]);
  rig = await startRig({ redisUrl: redis.url, chromaUrl: chroma.url, embedder, yaml: 'templates: []\n' });
});
after(async () => {
  await rig?.stop();
  await embedder?.stop();
  await Promise.all([redis?.stop(), chroma?.stop()]);
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32, Tommy Ettinger, public domain). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Names that a key put together carelessly would mix up. */
const tenants = ['a', 'b', 'a:b', 'a-b', 'ab', '*', 'a*', '?', 'local'];
/** Questions that mean the same to an embedder, and some that are built to be taken for each other. */
const questions = [
  'What is the capital of France?',
  "What's the capital of France?",
  'what is the capital of france, please?',
  'What is the French capital?',
  'What is the capital of France? b',
  'a:What is the capital of France?',
  'What is the capital of France?\n\nTenant: a',
  'How do I reset my password?',
  'How can I reset my password?',
];
const systems = ['', 'You are a support agent.', 'You are a support agent. '];

function chat(question: string, system: string): Chat {
  const asked = chatOf(question);
  const first = chatOf(system).messages[0];
  if (system === '' || !first) return asked;
  first.role = Role.SYSTEM;
  return chatOf('', { messages: [first, ...asked.messages] });
}

for (const seed of [1, 2, 3]) {
  test(`no sequence of calls gives one tenant what another has stored (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const entries = new Map<string, Set<string>>(tenants.map((tenant) => [tenant, new Set()]));
    let hits = 0;
    for (let step = 0; step < 250; step += 1) {
      const tenant = pick(tenants);
      const system = pick(systems);
      const asked = chat(pick(questions), system);
      const action = random();
      if (action < 0.35) {
        const { entryId } = await rig.put(tenant, asked, `answer of <${tenant}> under <${system}>`);
        entries.get(tenant)?.add(entryId);
      } else if (action < 0.9) {
        const { answer } = await rig.get(tenant, asked);
        if (!answer) continue;
        hits += 1;
        assert.equal(answer.text, `answer of <${tenant}> under <${system}>`);
      } else {
        const owner = pick(tenants);
        const name = pick([...(entries.get(owner) ?? [])]);
        if (name === undefined) continue;
        const removed = await rig.remove(tenant, { case: 'entryId', value: name });
        assert.ok(
          removed === 0 || tenant === owner || entries.get(tenant)?.has(name),
          `${tenant} removed what ${owner} has`,
        );
      }
    }
    assert.ok(hits > 30, `${hits} hits: the sequence must have had something to mix up`);
  });
}

test('removing everything of a tenant whose name is a pattern leaves the others what they have', async () => {
  const question = 'What is the tallest mountain of Japan?';
  for (const tenant of tenants) await rig.put(tenant, question, `kept for <${tenant}>`);
  for (const tenant of ['*', 'a*', '?']) await rig.remove(tenant, { case: 'all', value: true });
  for (const tenant of ['a', 'b', 'a:b', 'a-b', 'ab', 'local']) {
    assert.equal((await rig.get(tenant, question)).answer?.text, `kept for <${tenant}>`);
  }
  assert.equal((await rig.get('*', question)).answer, undefined);
});
