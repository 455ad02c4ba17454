/** Tenants never meet: whatever they ask, store and remove, in whatever order, and however they are called. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chat, type InvalidateRequest, Role, Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { eventually, manualClock } from '@refrain/testkit';
import { chatOf, startParts } from './rig.ts';

const clock = manualClock(Date.now());
const { start } = await startParts();

const yaml = 'templates: []\n';
const rig = await start({ nowMs: clock.now, yaml });

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

const tags = ['t', 'a', '*', 'p/m'];

/** On a busy machine Redis may be late: what is not known to have happened is done again. Gives undefined where it took more than once. */
async function patiently<T>(call: () => Promise<T>): Promise<T | undefined> {
  let tries = 0;
  let value: T | undefined;
  await eventually(async () => {
    tries += 1;
    try {
      value = await call();
      return true;
    } catch (error) {
      if (error instanceof RefrainError && error.code === 'unavailable') return false;
      throw error;
    }
  });
  return tries === 1 ? value : undefined;
}

/** What a tenant has stored, and what may never be seen again: answers that were removed or replaced. */
class Expected {
  readonly #stored: Map<string, Map<string, { text: string; tags: readonly string[] }>> = new Map();
  readonly #dead: Set<string> = new Set();

  store(tenant: string, entryId: string, entry: { text: string; tags: readonly string[] }): void {
    const own = this.#of(tenant);
    const before = own.get(entryId);
    if (before) this.#dead.add(before.text);
    own.set(entryId, entry);
  }

  /** Gives how many the tenant had of them. */
  remove(tenant: string, isMeant: (entryId: string, tags: readonly string[]) => boolean): number {
    const own = this.#of(tenant);
    const meant = [...own].filter(([entryId, entry]) => isMeant(entryId, entry.tags));
    for (const [entryId, { text }] of meant) {
      this.#dead.add(text);
      own.delete(entryId);
    }
    return meant.length;
  }

  names(tenant: string): string[] {
    return [...this.#of(tenant).keys()];
  }

  isDead(text: string): boolean {
    return this.#dead.has(text);
  }

  #of(tenant: string) {
    const own = this.#stored.get(tenant) ?? new Map<string, { text: string; tags: readonly string[] }>();
    this.#stored.set(tenant, own);
    return own;
  }
}

/** One random sequence of calls by all tenants; gives how many hits there were of each source. */
async function play(seed: number): Promise<Map<Source, number>> {
  const random = randomFrom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const expected = new Expected();
  const hits = new Map<Source, number>();
  const ask = async (tenant: string, asked: Chat, system: string) => {
    const acceptStale = random() < 0.3;
    const maxAgeSeconds = pick([undefined, undefined, 60, 3600]);
    const found = await rig.get(tenant, asked, [], { acceptStale, ...(maxAgeSeconds && { maxAgeSeconds }) });
    if (!found.answer) return;
    const { text, provenance } = found.answer;
    assert.match(text, new RegExp(`^answer \\d+ of ${RegExp.escape(`<${tenant}> under <${system}>`)}$`));
    assert.ok(!expected.isDead(text), `${tenant} was served what is removed or replaced: ${text}`);
    assert.ok((provenance?.ageSeconds ?? 0) <= (maxAgeSeconds ?? Number.POSITIVE_INFINITY));
    assert.ok(acceptStale || provenance?.source !== Source.STALE);
    const source = provenance?.reason === 'cache:alias' ? Source.COALESCED : (provenance?.source ?? Source.UNSPECIFIED);
    hits.set(source, (hits.get(source) ?? 0) + 1);
  };
  const remove = async (tenant: string) => {
    const name = pick(expected.names(pick(tenants)));
    const tag = pick(tags);
    const { selector, isMeant } = pick<Order>([
      { selector: { case: 'tag', value: tag }, isMeant: (_, has) => has.includes(tag) },
      ...(name === undefined ? [] : ordersFor(name)),
      ...(random() < 0.1 ? [{ selector: { case: 'all' as const, value: true }, isMeant: () => true }] : []),
    ]);
    const removed = await patiently(() => rig.remove(tenant, selector));
    const meant = expected.remove(tenant, isMeant);
    // Redis' own clock stands still here: what has ended is still counted; aliases count where all goes.
    if (removed !== undefined && selector.case !== 'all')
      assert.equal(removed, meant, `${tenant} ${selector.case} ${selector.value}`);
  };
  for (let step = 0; step < 400; step += 1) {
    const tenant = pick(tenants);
    const system = pick(systems);
    const asked = chat(pick(questions), system);
    const action = random();
    if (action < 0.3) {
      const text = `answer ${step} of <${tenant}> under <${system}>`;
      const wish = { tags: tags.filter(() => random() < 0.3) };
      let entryId = '';
      await eventually(async () => {
        const response = await rig.put(tenant, asked, text, 3, wish);
        entryId = response.entryId;
        return response.stored;
      });
      expected.store(tenant, entryId, { text, ...wish });
    } else if (action < 0.87) await ask(tenant, asked, system);
    else if (action < 0.97) await remove(tenant);
    else clock.advance(Math.floor(random() * 2_400_000));
  }
  return hits;
}

/** A removal, and which of a tenant's entries it means. */
interface Order {
  readonly selector: InvalidateRequest['selector'];
  readonly isMeant: (entryId: string, tags: readonly string[]) => boolean;
}

function ordersFor(name: string): Order[] {
  const [, partition = ''] = name.split('.');
  return [
    { selector: { case: 'entryId', value: name }, isMeant: (id) => id === name },
    { selector: { case: 'partition', value: partition }, isMeant: (id) => id.endsWith(partition) },
  ];
}

for (const seed of [1, 2, 3]) {
  test(`no sequence of calls gives a tenant what another has stored, or what was taken away (seed ${seed})`, async () => {
    await rig.state.command('FLUSHALL');
    const hits = await play(seed);
    // The sequence must have had something to mix up, of every kind; aliases are counted as coalesced.
    for (const source of [Source.EXACT, Source.SEMANTIC, Source.STALE, Source.COALESCED]) {
      assert.ok((hits.get(source) ?? 0) > 0, `no hit of source ${source}: ${JSON.stringify([...hits])}`);
    }
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
