import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  LearnRequestSchema,
  type LearnResponse,
  type PartitionReport,
  ReportRequestSchema,
  Source,
  StatsRequestSchema,
  Verdict,
} from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import type { Embedder } from '../../src/embedder/embedder.ts';
import { byMeaning, exactly, startParts, summary } from '../rig.ts';

const { redis, embedder, start } = await startParts();
const rig = await start();

const semantic = { source: Source.SEMANTIC, served: true };
const wrong = { evidence: { case: 'verdict' as const, value: Verdict.WRONG } };
const right = { evidence: { case: 'verdict' as const, value: Verdict.RIGHT } };
const fresh = (value: string) => ({ evidence: { case: 'freshAnswer' as const, value } });

type Told = Exclude<MessageInitShape<typeof LearnRequestSchema>, { $typeName: string }>;
const learn = (tenant: string, told: Told, on = rig): Promise<LearnResponse> =>
  on.client.learn(create(LearnRequestSchema, { tenant, ...told }));

/** What is known of the tenant's only partition. */
async function report(tenant: string, on = rig): Promise<PartitionReport> {
  const { partitions } = await on.client.report(create(ReportRequestSchema, { tenant }));
  assert.equal(partitions.length, 1);
  return partitions[0] as PartitionReport;
}

/** A tenant with one answer, and the hit that a paraphrase of its question gets. */
async function hitOf(tenant: string) {
  const { entryId } = await rig.put(tenant, 'What is the capital of Spain?', 'Madrid.');
  await rig.indexed();
  const { answer, missReason } = await rig.get(tenant, "What's the capital of Spain?", byMeaning);
  assert.equal(answer?.provenance?.source, Source.SEMANTIC, missReason);
  return { entryId, confidence: answer?.provenance?.confidence ?? Number.NaN };
}
const again = (tenant: string) => rig.get(tenant, "What's the capital of Spain?", byMeaning);
const own = (tenant: string) => rig.get(tenant, 'What is the capital of Spain?', exactly);

test('a wrong semantic hit is not served again; its entry answers its own question as before', async () => {
  const hit = await hitOf('one');
  const told = await learn('one', { ...hit, ...semantic, ...wrong });
  assert.deepEqual([told.verdict, told.removed, told.quarantined], [Verdict.WRONG, 0, false]);
  const missed = await again('one');
  assert.equal(missed.missReason, 'entry_tightened');
  assert.deepEqual([missed.shadow?.entryId, missed.shadow?.confidence], [hit.entryId, hit.confidence]);
  assert.deepEqual(summary(await own('one')), ['Madrid.', Source.EXACT]);
});

test('the same verdict told twice is one mistake; a second mistake ends what the entry answers by meaning', async () => {
  const hit = await hitOf('two');
  await learn('two', { ...hit, ...semantic, ...wrong });
  assert.equal((await learn('two', { ...hit, ...semantic, ...wrong })).quarantined, false);
  assert.equal((await report('two')).wrong, 1n);
  const surer = { ...hit, confidence: hit.confidence + (1 - hit.confidence) * 0.9 };
  assert.equal((await learn('two', { ...surer, ...semantic, ...wrong })).quarantined, true);
  assert.equal(summary(await again('two')), 'empty');
  assert.deepEqual(summary(await own('two')), ['Madrid.', Source.EXACT]);
  const { stored, exactOnlyReason } = await rig.put('two', 'What is the capital of Spain?', 'Madrid.');
  assert.deepEqual([stored, exactOnlyReason], [true, 'quarantined']);
  assert.equal((await report('two')).quarantined, 1n);
});

test('who only wants to know what would be answered leaves no trace: no count, no use, no evidence, no alias, no template', async () => {
  const { entryId } = await rig.put('explained', 'What is the capital of Spain?', 'Madrid.');
  await rig.indexed();
  const [id = ''] = entryId.split('.');
  const before = await rig.client.stats(create(StatsRequestSchema));
  const look = (question: string) => rig.get('explained', question, [], { leaveNoTrace: true });
  assert.deepEqual(summary(await look("What's the capital of Spain?")), ['Madrid.', Source.SEMANTIC]);
  assert.deepEqual(summary(await look('What is the capital of Spain?')), ['Madrid.', Source.EXACT]);
  assert.equal((await look('When does the shop open?')).answer?.provenance?.source, Source.TEMPLATE);
  assert.deepEqual(await rig.client.stats(create(StatsRequestSchema)), before);
  // One that is a lookup comes after it: when its traces are there, those of the others would be.
  assert.ok((await rig.get('explained', 'Tell me the capital of Spain', byMeaning)).answer);
  const used = async () => Math.floor(Number(await rig.state.command('ZSCORE', rig.keys.uses('explained'), entryId)));
  await eventually(async () => (await used()) > 1, { what: 'the use to be written' });
  assert.equal(await used(), 2);
  assert.equal(await rig.state.command('ZCARD', rig.keys.aliases('explained', id)), 1);
  const { lookups, hits, repeatShare } = await report('explained');
  assert.deepEqual([lookups, hits], [1n, 1n]);
  // The one lookup has moved it by a fifty-first of its way.
  assert.ok(repeatShare > 0.25 && repeatShare < 0.25 + (1 - 0.25) / 51, `${repeatShare}`);
  assert.equal((await rig.get('explained', 'When does the shop open?', exactly)).missReason, 'empty');
});

test('nobody drives a partition by telling of one entry again and again: once it answers nothing by meaning, no more counts', async () => {
  const hit = await hitOf('driven');
  for (let i = 0; i < 12; i += 1)
    await learn('driven', {
      ...hit,
      confidence: hit.confidence + (1 - hit.confidence) * 0.05 * i,
      ...semantic,
      ...wrong,
    });
  const { judged, wrong: wrongs, quarantined } = await report('driven');
  assert.deepEqual([judged, wrongs, quarantined], [2n, 2n, 1n]);
});

test('a wrong hit without its confidence leaves nothing that could be raised above it', async () => {
  const { entryId } = await hitOf('blind');
  assert.equal((await learn('blind', { entryId, ...semantic, ...wrong })).quarantined, true);
  assert.equal(summary(await again('blind')), 'empty');
});

test('a right hit takes one step back, and never to what was wrong', async () => {
  const hit = await hitOf('back');
  const below = { ...hit, confidence: hit.confidence - 0.05 };
  await learn('back', { ...below, ...semantic, ...wrong });
  assert.equal(summary(await again('back')), 'entry_tightened');
  await learn('back', { ...hit, ...semantic, served: false, ...right });
  assert.deepEqual(summary(await again('back')), ['Madrid.', Source.SEMANTIC]);
  await learn('back', { ...hit, ...semantic, ...wrong });
  await learn('back', { ...hit, ...semantic, ...right });
  assert.equal(summary(await again('back')), 'entry_tightened');
});

test('a wrong answer of another or an unknown kind is taken out, for its tenant alone', async () => {
  for (const [source, tenant] of [
    [Source.EXACT, 'gone-exact'],
    [Source.UNSPECIFIED, 'gone-unknown'],
  ] as const) {
    const { entryId } = await hitOf(tenant);
    assert.equal((await learn('stranger', { entryId, source, served: true, ...wrong })).removed, 0);
    assert.deepEqual(summary(await own(tenant)), ['Madrid.', Source.EXACT]);
    assert.equal((await learn(tenant, { entryId, source, served: true, ...right })).removed, 0);
    assert.equal((await learn(tenant, { entryId, source, served: true, ...wrong })).removed, 1);
    assert.equal(summary(await own(tenant)), 'empty');
  }
});

test('of an entry that a tenant does not have nothing is learned', async () => {
  const hit = await hitOf('owner');
  await learn('thief', { ...hit, ...semantic, ...wrong });
  const { partitions } = await rig.client.report(create(ReportRequestSchema, { tenant: 'thief' }));
  assert.deepEqual(partitions, []);
  assert.deepEqual(summary(await again('owner')), ['Madrid.', Source.SEMANTIC]);
});

test('a fresh answer is a verdict where it says the same or something else, and none where it is unsure', async () => {
  const hit = await hitOf('fresh');
  const verdict = async (text: string) => (await learn('fresh', { ...hit, ...semantic, ...fresh(text) })).verdict;
  assert.equal(await verdict('The capital of Spain is Madrid.'), Verdict.RIGHT);
  assert.equal(await verdict('Spain has one capital.'), Verdict.UNSPECIFIED);
  assert.deepEqual(summary(await again('fresh')), ['Madrid.', Source.SEMANTIC]);
  assert.equal(await verdict('Lisbon.'), Verdict.WRONG);
  assert.equal(summary(await again('fresh')), 'entry_tightened');
  const { judged, wrong: found, hits } = await report('fresh');
  assert.deepEqual([judged, found, hits], [2n, 1n, 3n]);
});

test('a judgement of nothing, or none of something, is refused with every fault', async () => {
  await assert.rejects(learn('', { confidence: 2 }), { code: 'invalid' });
  await assert.rejects(learn('a', { entryId: 'x', ...wrong }), /entry_id/);
  const entryId = `${'0'.repeat(32)}.${'0'.repeat(32)}`;
  await assert.rejects(learn('a', { entryId, evidence: { case: 'verdict', value: Verdict.UNSPECIFIED } }), /verdict/);
});

test('wrong hits beyond the budget tighten the partition, for every cache on that Redis', async () => {
  const hit = await hitOf('many');
  const before = await report('many');
  assert.ok(before.confidence <= before.shippedConfidence);
  // Each of another entry, so that no entry is to blame.
  for (let i = 0; i < 8; i += 1) {
    const { entryId } = await rig.put('many', `Is ${i} a number that is lucky in Peru?`, 'It is.');
    await learn('many', { entryId, confidence: hit.confidence, ...semantic, ...wrong });
  }
  const after = await report('many');
  assert.ok(after.confidence > hit.confidence, `${after.confidence}`);
  assert.deepEqual([after.judged, after.wrong], [8n, 8n]);
  assert.ok(after.wrongLow > 0.6 && after.wrongHigh === 1);
  const other = await start();
  try {
    for (const each of [rig, other]) {
      const missed = await each.get('many', "What's the capital of Spain?", byMeaning);
      assert.deepEqual([missed.missReason, missed.shadow?.entryId], ['tightened', hit.entryId]);
    }
  } finally {
    await other.stop();
  }
});

test('in shadow mode nothing is served by meaning, and the report says how good it would be; going live keeps both', async () => {
  rig.configure('cache: { semantic: { shadow: true } }\n');
  try {
    const { entryId } = await rig.put('shadow', 'What is the capital of Spain?', 'Madrid.');
    await rig.indexed();
    const { missReason, shadow } = await again('shadow');
    assert.deepEqual([missReason, shadow?.entryId], ['shadow', entryId]);
    const confidence = shadow?.confidence ?? Number.NaN;
    await learn('shadow', { entryId, confidence, source: Source.SEMANTIC, ...fresh('Madrid') });
    const known = await report('shadow');
    assert.deepEqual([known.lookups, known.hits, known.judged, known.wrong], [1n, 1n, 1n, 0n]);
    assert.deepEqual([known.wrongLow, known.wrongHigh > 0.7, known.semanticOn], [0, true, true]);
    assert.deepEqual(summary(await own('shadow')), ['Madrid.', Source.EXACT]);
  } finally {
    rig.configure('');
  }
  assert.deepEqual(summary(await again('shadow')), ['Madrid.', Source.SEMANTIC]);
  assert.equal((await report('shadow')).judged, 1n);
});

test('what is found after the lookup was given up was served to nobody: no evidence, no alias', async () => {
  const { entryId } = await hitOf('late');
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const slow: Embedder = {
    ...{ ready: true, state: 'up', known: () => undefined, forget: () => undefined, stop: async () => undefined },
    embed: async (text) => {
      await gate;
      return embedder.embed(text);
    },
  };
  const busy = await start({ embedder: slow });
  const before = await report('late');
  const exposed = async () => {
    const [partition = ''] = entryId.split('.').slice(1);
    const counts = (await rig.state.command('HGETALL', rig.keys.learned('late', `p:${partition}`))) as string[];
    return counts.reduce((sum, each, i) => (counts[i - 1]?.startsWith('exposed:') ? sum + Number(each) : sum), 0);
  };
  const exposedBefore = await exposed();
  try {
    const words = 'Tell me the capital of Spain';
    assert.equal((await busy.get('late', words, byMeaning)).missReason, 'deadline');
    open();
    await eventually(async () => (await report('late', busy)).lookups > before.lookups, {
      what: 'the end of the search',
    });
    // What was counted before fades a little by the hit that would have been.
    assert.ok((await exposed()) <= exposedBefore, `${await exposed()} > ${exposedBefore}`);
    assert.equal((await busy.get('late', words, exactly)).missReason, 'empty');
  } finally {
    await busy.stop();
  }
});

test('an alias of a wrong hit goes with it, and what was learned later holds for aliases too', async () => {
  const hit = await hitOf('alias');
  const byAlias = () => rig.get('alias', "What's the capital of Spain?", exactly);
  await eventually(async () => (await byAlias()).answer !== undefined, { what: 'the alias' });
  assert.equal((await byAlias()).answer?.provenance?.source, Source.SEMANTIC);
  await learn('alias', { ...hit, ...semantic, ...wrong });
  assert.equal(summary(await byAlias()), 'empty');
});

test('where looking finds nothing for ten minutes and five hundred lookups, the level goes off; new entries bring it back by probes', async () => {
  let laterMs = 0;
  const nowMs = () => Date.now() + laterMs;
  const idle = await start({ nowMs });
  try {
    const ask = (text: string) => idle.get('idle', text, byMeaning);
    await idle.put('idle', 'Why do cats purr?', 'Nobody knows.');
    const askOften = async () => {
      for (let i = 0; i < 25; i += 1) {
        await Promise.all(Array.from({ length: 20 }, (_, j) => ask(`How old is the tower number ${20 * i + j}?`)));
      }
    };
    await askOften();
    assert.notEqual((await ask('How old is the tower?')).missReason, 'break_even');
    laterMs = 10 * 60_000;
    await ask('How old is the tower?');
    assert.equal((await ask('How old is the tower?')).missReason, 'break_even');
    assert.equal((await report('idle', idle)).semanticOn, false);
    assert.ok((await report('idle', idle)).spentMs > 0n);
    const found = async () => (await ask('Why does a cat purr?')).missReason !== 'break_even';
    let looked = 0;
    for (let i = 0; i < 420; i += 1) if (await found()) looked += 1;
    assert.ok(looked >= 20 && looked < 60, String(looked));
    assert.equal((await report('idle', idle)).semanticOn, true);
  } finally {
    await idle.stop();
  }
});

test('what was learned goes with its tenant', async () => {
  const hit = await hitOf('purged');
  await learn('purged', { ...hit, ...semantic, ...wrong });
  await again('purged');
  await rig.remove('purged', { case: 'all', value: true });
  // Of any tenant: what is not written with this is not written any more.
  await rig.client.report(create(ReportRequestSchema, { tenant: 'any' }));
  const keys = [];
  for await (const page of rig.state.scan(rig.keys.pattern('purged'))) keys.push(...page);
  assert.deepEqual(
    keys.filter((key) => key.includes(':l:')),
    [],
  );
});

test('a verdict that Redis could not take is an error, not a verdict', async () => {
  const hit = await hitOf('away');
  await redis.kill();
  try {
    await assert.rejects(learn('away', { ...hit, ...semantic, ...wrong }), { code: 'unavailable' });
  } finally {
    await redis.restart();
  }
});
