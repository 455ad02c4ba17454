/** What the mesh learns from its semantic hits: by what callers say, by reviews, and in shadow mode; on real services. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  CompleteRequestSchema,
  ExplainRequestSchema,
  type PartitionReport,
  ReportRequestSchema,
  Source,
  StatsRequestSchema,
} from '@refrain/contracts';
import { eventually, type ServiceProcess } from '@refrain/testkit';
import { chatOf } from './question.ts';
import { meshYaml, startMesh, type TestMesh } from './start-mesh.ts';

describe('learning from being wrong', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  before(async () => {
    mesh = await startMesh();
    says('Berlin.');
  });
  after(() => mesh?.stop());

  const says = (text: string) => {
    for (const upstream of [mesh.one, mesh.two]) upstream.otherwise({ text });
  };
  const run = async (semantic: string) => {
    await writeFile(mesh.configFile, meshYaml(mesh.one, mesh.two, { extra: `cache: { semantic: { ${semantic} } }\n` }));
  };
  /** What is asked with a limit of its own is kept, compared and judged apart. */
  const asking = (question: string, maxTokens?: number) =>
    chatOf(question, maxTokens === undefined ? {} : { maxTokens });
  const ask = async (question: string, maxTokens?: number) => {
    const chat = asking(question, maxTokens);
    const { answer } = await mesh.client.complete(create(CompleteRequestSchema, { chat }));
    assert.ok(answer?.provenance);
    return { text: answer.text, ...answer.provenance };
  };
  const known = (question: string, maxTokens?: number) =>
    eventually(async () => (await ask(question, maxTokens)).source === Source.EXACT, { what: 'the answer to be kept' });
  /** Its answer is kept under its words first, a moment later also under its meaning. */
  const findable = (paraphrase: string, maxTokens?: number) =>
    eventually(
      async () => {
        const chat = asking(paraphrase, maxTokens);
        const { cacheSource } = await mesh.client.explain(create(ExplainRequestSchema, { chat }));
        return cacheSource === Source.SEMANTIC;
      },
      { what: `an answer to "${paraphrase}" by meaning` },
    );
  const report = async (): Promise<PartitionReport | undefined> =>
    (await mesh.cacheClient.report(create(ReportRequestSchema, { tenant: 'local' }))).partitions[0];
  const judged = async () => Number((await report())?.judged ?? 0n);
  const wrong = async () => Number((await report())?.wrong ?? 0n);

  it('a wrong semantic hit, told with what the answer says of itself, is not served again; its entry stays', async () => {
    await known('What is the capital of Germany?');
    await findable("What's the capital of Germany?");
    const response = await fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: "What's the capital of Germany?" }] }),
    });
    const { refrain } = (await response.json()) as { refrain: Record<string, unknown> };
    assert.equal(refrain.source, 'semantic');
    const { entry_id, source, confidence } = refrain;
    const told = await fetch(`${mesh.http}/v1/refrain/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ entry_id, source, confidence, verdict: 'VERDICT_WRONG' }),
    });
    assert.deepEqual(await told.json(), { removed: 0, quarantined: false });
    says('Bonn, long ago.');
    assert.equal((await ask("What's the capital of Germany?")).text, 'Bonn, long ago.');
    assert.equal((await ask('What is the capital of Germany?')).text, 'Berlin.');
    says('Berlin.');
  });

  it('in shadow mode the provider answers, and what would have been served is compared with that', async () => {
    await known('What is the capital of Poland?');
    await run('shadow: true');
    const before = await judged();
    let tries = 0;
    // Each time another request, so that no alias answers, until the reload has reached the cache.
    await eventually(
      async () => {
        tries += 1;
        await ask(`What's the capital of Poland?${'!'.repeat(tries)}`);
        return ((await mesh.cacheClient.stats(create(StatsRequestSchema))).misses['semantic:shadow'] ?? 0n) > 0n;
      },
      { timeoutMs: 20_000, what: 'the reload' },
    );
    await eventually(async () => (await judged()) > before, { timeoutMs: 20_000, what: 'the comparison' });
    assert.equal((await ask("What's the capital of Poland?!?")).source, Source.PROVIDER);
  });

  it('a reviewed hit that was right is evidence, one that was wrong is not served again; no caller waits or pays', async () => {
    await run('reviewShare: 1');
    await known('What is the capital of France?');
    let tries = 0;
    const paraphrase = () => `What's the capital of France?${'!'.repeat(tries)}`;
    // Each time another request until the reload has ended shadow mode: in it each is asked anew, and kept as its own.
    await eventually(
      async () => {
        tries += 1;
        return (await ask(paraphrase())).source === Source.SEMANTIC;
      },
      { timeoutMs: 20_000, what: 'the reload of the cache' },
    );
    const before = await judged();
    const asked = mesh.one.count;
    await eventually(
      async () => {
        const { source, attempts } = await ask(paraphrase());
        assert.deepEqual([source, attempts], [Source.SEMANTIC, 0]);
        return (await judged()) > before;
      },
      { timeoutMs: 20_000, what: 'a review' },
    );
    // What was judged may be the hit before: its review had asked already.
    await eventually(() => mesh.one.count > asked, { timeoutMs: 20_000, what: 'a review to ask upstream' });
    // Reviews of the above may be under way still: what they hear from now on must not count where Portugal is asked for.
    const apart = 77;
    says('No, Lisbon.');
    await known('What is the capital of Portugal?', apart);
    await findable("What's the capital of Portugal?", apart);
    says('Yes, Porto.');
    assert.equal((await ask("What's the capital of Portugal?", apart)).text, 'No, Lisbon.');
    await eventually(async () => (await ask("What's the capital of Portugal?", apart)).text === 'Yes, Porto.', {
      timeoutMs: 20_000,
      what: 'the review to be heard',
    });
    assert.ok((await wrong()) > 0);
    says('Berlin.');
  });

  it('all of it is counted, and no log has a word of a question or an answer', async () => {
    const count = async ({ ready }: ServiceProcess, line: RegExp) =>
      Number(line.exec(await (await fetch(ready.metrics ?? '')).text())?.[1] ?? 0);
    for (const kind of ['shadow', 'review']) {
      const line = new RegExp(`^refrain_evidence_total\\{.*kind="${kind}".*outcome="right".*\\} (\\d+)`, 'm');
      assert.ok((await count(mesh.router, line)) > 0, kind);
    }
    for (const name of ['learned_total\\{.*verdict="wrong"', 'entry_changes_total\\{.*change="tightened"']) {
      assert.ok((await count(mesh.cache, new RegExp(`^refrain_cache_${name}.*\\} (\\d+)`, 'm'))) > 0, name);
    }
    assert.match(mesh.cache.output(), /a verdict changed an entry/);
    for (const { output } of [mesh.cache, mesh.router]) assert.doesNotMatch(output(), /capital|Lisbon|Porto|Bonn/);
  });
});
