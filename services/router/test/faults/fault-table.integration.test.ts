/**
 * What upstreams do wrong, row by row (rate limits, refusals, crashes, silence, nonsense, broken streams, odd ends), each for whole and
 * for streamed answers, with breakers, throttling and budgets as they are by default. Every row has a provider of its own, asked first,
 * with two keys; `two` comes after it. Whatever happens: no key of a model is asked twice, but for one retry after a 5xx or a broken
 * connection; all of it stays within the deadline; before the first piece nobody hears of it, after it an error is said.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type RecordedCall, type Reply, type ScriptedUpstream, startUpstream } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import type { Door, Outcome } from './outcome.ts';
import { freshQuestion, questionIn, rightAnswer, sameMeaningOnly, teach } from './steady.ts';

const patienceMs = 500;
const deadlineMs = 6000;
const forms: Readonly<Record<string, readonly Door[]>> = {
  json: ['http', 'grpc'],
  stream: ['http-stream', 'grpc-stream'],
};

/** How a request ends: answered by `two` or by the provider itself, or broken off for a reason. */
type Ending = 'two' | 'itself' | { readonly brokenOff: string };
interface Row {
  readonly id: string;
  readonly promise: string;
  readonly does?: Reply;
  /** Calls of the row's provider for one question. */
  readonly calls: number;
  readonly ending: Ending;
  /** Whether the answer is kept. */
  readonly kept: boolean;
  /** Where the provider is; absent: the scripted upstream. */
  readonly baseUrl?: string;
  /** Its keys are left alone from then on. */
  readonly restsAfter?: true;
}

const byTwo = { ending: 'two', kept: true } as const;
const cutShort = (reason: string) => ({ calls: 1, ending: { brokenOff: reason }, kept: false }) as const;
const byItself = { calls: 1, ending: 'itself', kept: false } as const;
const rows: readonly Row[] = [
  {
    id: 'r13',
    promise: 'a 429 that names a time: each key is asked once and left alone, the next provider answers now',
    does: { fault: { kind: 'rate_limited', retryAfterMs: 60_000 } },
    calls: 2,
    ...byTwo,
    restsAfter: true,
  },
  {
    id: 'r14-money',
    promise: 'an account without money: no key is tried again, the next provider answers',
    does: { fault: { kind: 'spend_limit' } },
    calls: 2,
    ...byTwo,
    restsAfter: true,
  },
  {
    id: 'r14-key',
    promise: 'keys that are refused: none is tried again, the next provider answers',
    does: { fault: { kind: 'bad_key' } },
    calls: 2,
    ...byTwo,
    restsAfter: true,
  },
  {
    id: 'r15-500',
    promise: 'a 500: asked once more with the same key, then the next provider answers',
    does: { fault: { kind: 'failed' } },
    calls: 2,
    ...byTwo,
  },
  {
    id: 'r15-busy',
    promise: 'an overload: not asked again, the next provider answers',
    does: { fault: { kind: 'overloaded' } },
    calls: 1,
    ...byTwo,
  },
  {
    id: 'r16-refused',
    promise: 'a refused connection: the next provider answers',
    baseUrl: 'http://127.0.0.1:1/v1',
    calls: 0,
    ...byTwo,
  },
  {
    id: 'r16-name',
    promise: 'a host without a name: the next provider answers',
    baseUrl: 'http://nowhere.invalid/v1',
    calls: 0,
    ...byTwo,
  },
  { id: 'r16-tls', promise: 'TLS that fails: the next provider answers', baseUrl: 'TLS', calls: 0, ...byTwo },
  {
    id: 'r17-headers',
    promise: 'silence before the headers: the upstream is left, the next provider answers',
    does: { hang: 'headers' },
    calls: 1,
    ...byTwo,
  },
  {
    id: 'r17-first',
    promise: 'silence before the first piece: the upstream is left, the next provider answers',
    does: { hang: 'first_token' },
    calls: 1,
    ...byTwo,
  },
  {
    id: 'r18-drip',
    promise: 'a slow drip: heard to its end though it takes longer than one pause may',
    does: { chunks: 8, paceMs: 100 },
    calls: 1,
    ending: 'itself',
    kept: true,
  },
  {
    id: 'r18-endless',
    promise: 'a drip without end: the deadline ends it',
    does: { chunks: 100, paceMs: 200 },
    ...cutShort('DEADLINE'),
  },
  {
    id: 'r19-html',
    promise: "a proxy's page: never shown nor kept, the next provider answers",
    does: { nonsense: 'html' },
    calls: 1,
    ...byTwo,
  },
  {
    id: 'r19-json',
    promise: 'a chunk that is no JSON after the first piece: an error is said, nothing is kept',
    does: { nonsense: 'json', paceMs: 10 },
    ...cutShort('MALFORMED'),
  },
  {
    id: 'r20-end',
    promise: 'an end without [DONE]: an error is said, nothing is kept',
    does: { missingEnd: true, paceMs: 10 },
    ...cutShort('TRUNCATED'),
  },
  {
    id: 'r20-cut',
    promise: 'a connection cut after the first piece: an error is said, nothing is kept',
    does: { cut: 'middle', paceMs: 10 },
    ...cutShort('CONNECTION_FAILED'),
  },
  {
    id: 'r21',
    promise: 'an error event after the first piece: an error is said, nothing is kept',
    does: { errorEvent: 'middle', paceMs: 10 },
    ...cutShort('UPSTREAM_FAILED'),
  },
  {
    id: 'r21-early',
    promise: 'an error event with status 200 before the first piece: asked once more, then the next provider answers',
    does: { errorEvent: 'first_token' },
    calls: 2,
    ...byTwo,
  },
  {
    id: 'r22-empty',
    promise: 'an answer without a word: the next provider answers',
    does: { text: '' },
    calls: 1,
    ...byTwo,
  },
  {
    id: 'r22-length',
    promise: 'an answer that reached its limit: returned, not kept',
    does: { finish: 'length' },
    ...byItself,
  },
  {
    id: 'r22-filter',
    promise: 'an answer the filter stopped: returned, not kept',
    does: { finish: 'content_filter' },
    ...byItself,
  },
  {
    id: 'r22-refusal',
    promise: 'a refusal in words: returned, not kept',
    does: { text: "I'm sorry, but I can't help with that." },
    ...byItself,
  },
];

const names = rows.flatMap(({ id }) => Object.keys(forms).map((form) => `${id}-${form}`));
const stemOf = (name: string) => name.toUpperCase().replaceAll('-', '_');
const well = new Set<string>();
let mesh: TestMesh;
let plain: ScriptedUpstream;

before(async () => {
  plain = await startUpstream('openai');
  const providers = (one: ScriptedUpstream) =>
    rows
      .flatMap(({ baseUrl = one.baseUrl, id }) =>
        Object.keys(forms).map((form) => ({ baseUrl, name: `${id}-${form}` })),
      )
      .map(({ baseUrl, name }) => {
        const url = baseUrl === 'TLS' ? plain.baseUrl.replace('http:', 'https:') : baseUrl;
        const times = `firstChunkMs: ${patienceMs}, interChunkMs: ${patienceMs}`;
        return `  ${name}: { adapter: openai, baseUrl: "${url}", keys: ${stemOf(name)}, ${times}, models: [{ name: large, rank: 4, contextTokens: 100000, price: { input: 1, output: 1 } }] }\n`;
      })
      .join('');
  const profiles = names.map((name) => `  ${name}: { system: "Answer.", try: [${name}/large, two/large] }\n`).join('');
  const limits = `limits: { deadlineMs: ${deadlineMs} }\n`;
  mesh = await startMesh({
    extra: `${sameMeaningOnly}\n${limits}profiles:\n${profiles}`,
    patienceMs,
    providers,
    workers: Object.fromEntries(
      names.map((name) => [`${stemOf(name)}_API_KEYS`, `sk-${name}-aaaaaaaa,sk-${name}-bbbbbbbb`]),
    ),
  });
  mesh.one.otherwise((call) => {
    const name = nameOf(call);
    const does = well.has(name) ? {} : rows.find(({ id }) => name === `${id}-json` || name === `${id}-stream`)?.does;
    return { text: rightAnswer(questionIn(call)), chunks: 4, ...does };
  });
  mesh.two.otherwise((call) => ({ text: rightAnswer(questionIn(call)) }));
});
after(async () => {
  await mesh.stop();
  await plain.stop();
});

for (const [form, doors] of Object.entries(forms)) {
  describe(`${form}:`, () => {
    for (const row of rows) {
      const name = `${row.id}-${form}`;
      test(`${row.id}: ${row.promise}`, async () => {
        for (const door of doors) {
          const outcome = await askInTime(door, name);
          // A provider whose keys rest is not asked by the second door.
          const isFirst = door === doors[0];
          assertAsked(outcome, name, row.restsAfter && !isFirst ? 0 : row.calls);
          assertEnded(outcome, row, name);
          await assertKept(outcome, row, name);
        }
      });
    }
  });
}

async function askInTime(door: Door, model: string): Promise<Outcome> {
  const began = performance.now();
  const outcome = await ask(mesh, door, freshQuestion(), { model, noFallback: true });
  const tookMs = performance.now() - began;
  assert.ok(tookMs < deadlineMs + 1000, `${door}: ${tookMs} ms`);
  return outcome;
}

/** So often, and no key twice, but once more with the same key where the provider failed. */
function assertAsked({ door, question }: Outcome, name: string, calls: number): void {
  const asked = mesh.one.calls.filter((call) => questionIn(call) === question && nameOf(call) === name);
  assert.equal(asked.length, calls, `${door}: calls of ${name}`);
  const keys = new Set(asked.map(keyOf));
  const isRetried = /^r(?:15-500|21-early)/.test(name);
  assert.equal(keys.size, isRetried ? 1 : calls, `${door}: keys`);
}

function assertEnded(outcome: Outcome, { does, ending }: Row, name: string): void {
  const { degraded, door, error, provider, question, text } = outcome;
  if (typeof ending === 'string') {
    const isRight = does?.text !== undefined && ending === 'itself' ? does.text : rightAnswer(question);
    const who = ending === 'itself' ? name : ending;
    assert.deepEqual([error, provider, text, degraded], [undefined, who, isRight, false], door);
    return;
  }
  const isLate = ending.brokenOff === 'DEADLINE';
  const codes = isLate ? ['504', 'deadline'] : ['502', 'midstream'];
  const code = { http: codes[0], 'http-stream': '200', grpc: codes[1], 'grpc-stream': codes[1] }[door];
  assert.deepEqual([error?.code, error?.reason], [code, ending.brokenOff], door);
  if (!door.endsWith('stream')) return;
  assert.ok(text !== '' && rightAnswer(question).startsWith(text), `${door}: ${text}`);
}

/** What is kept answers the same question; what is not does not, also when all that was to be stored has been. */
async function assertKept({ door, question }: Outcome, { kept }: Row, name: string): Promise<void> {
  if (!kept) await teach(mesh, freshQuestion());
  well.add(name);
  const held = async () => (await ask(mesh, 'http', question, { model: name })).source;
  if (kept) {
    let source = await held();
    for (let tries = 0; source !== 'exact' && tries < 50; tries += 1) source = await held();
    assert.equal(source, 'exact', door);
  } else assert.ok(['provider', 'coalesced'].includes(await held()), door);
  well.delete(name);
}

function keyOf({ headers }: RecordedCall): string {
  return (headers.authorization ?? '').replace(/^Bearer /, '');
}

/** The provider a call was meant for, by its key. */
function nameOf(call: RecordedCall): string {
  return keyOf(call)
    .replace(/^sk-/, '')
    .replace(/-[ab]{8}$/, '');
}
