import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Answer,
  AnswerSchema,
  type Chat,
  FinishReason,
  Level,
  LookupRequestSchema,
  Role,
  Source,
} from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import { answerOf, byMeaning, chatOf, exactly, said, startParts, summary } from '../rig.ts';

const { start } = await startParts();
const rig = await start();

test('the same question is answered exactly, whole, for nothing, and says what it saved', async () => {
  const given = answerOf('Paris.');
  const offered = create(AnswerSchema, { ...given, provenance: { ...given.provenance, jobId: 'somebody-else' } });
  const { entryId } = await rig.put('a', 'What is the capital of France?', 'Paris.', 3, { answer: offered });
  const { answer } = await rig.get('a', 'What is the capital of France?');
  const { $typeName: _, ttlSeconds = 0, ...provenance } = answer?.provenance ?? { $typeName: '' };
  assert.ok(ttlSeconds > 3200 && ttlSeconds <= 3600, `${ttlSeconds} s`);
  assert.deepEqual(provenance, {
    source: Source.EXACT,
    provider: 'p',
    model: 'm',
    reason: 'cache:exact',
    attempts: 0,
    degraded: false,
    entryId,
    ageSeconds: 0,
    jobId: '',
  });
  assert.deepEqual(
    [answer?.text, answer?.finishReason, answer?.createdAtMs, answer?.usage?.promptTokens, answer?.requestId],
    [given.text, given.finishReason, given.createdAtMs, given.usage.promptTokens, ''],
  );
  assert.deepEqual([answer?.cost?.nanoUsd, answer?.cost?.savedNanoUsd], [0n, 70n]);
});

test('who has the exact key need not send the chat; another tenant has no use for it', async () => {
  const { entryId } = await rig.put('a', 'Which key opens this?', 'That one.');
  // An entry is called by the first half of its exact key, and found by it.
  const exactKey = entryId.slice(0, 32).padEnd(64, '0');
  const byKey = (tenant: string) =>
    rig.client.lookup(create(LookupRequestSchema, { tenant, exactKey, levels: exactly }));
  assert.equal((await byKey('a')).answer?.text, 'That one.');
  assert.equal((await byKey('b')).answer, undefined);
});

test('another spelling of the same characters and line ends is the same question; another case is not', async () => {
  await rig.put('a', 'Où est\nl’été ?', 'Ici.');
  assert.deepEqual(summary(await rig.get('a', 'Ou\u0300 est\r\nl’e\u0301te\u0301 ?', exactly)), ['Ici.', Source.EXACT]);
  assert.equal(summary(await rig.get('a', 'où est\nl’été ?', exactly)), 'empty');
});

test('a light paraphrase is answered through the index, with a confidence that is not the cosine', async () => {
  await rig.put('a', 'What is the capital of Spain?', 'Madrid.');
  await rig.indexed();
  assert.ok(rig.index.collections > 0);
  const { answer } = await rig.get('a', "What's the capital of Spain?");
  assert.deepEqual([answer?.text, answer?.provenance?.source], ['Madrid.', Source.SEMANTIC]);
  const confidence = answer?.provenance?.confidence ?? Number.NaN;
  assert.ok(confidence > 0.5 && confidence < 1, String(confidence));
  assert.deepEqual([answer?.provenance?.reason, answer?.cost?.savedNanoUsd], ['cache:semantic', 70n]);
});

test('a question that is only near is a miss that says why', async () => {
  assert.equal(summary(await rig.get('a', 'What is the capital of Sweden?', byMeaning)), 'below_threshold');
});

test('a caller may ask for more confidence, and then gets less', async () => {
  assert.equal(
    summary(await rig.get('a', "What's the capital of Spain?", byMeaning, { minimumConfidence: 0.99 })),
    'below_confidence',
  );
});

test('another tenant, system prompt, model, seed or language never sees it', async () => {
  const question = "What's the capital of Spain?";
  assert.equal(summary(await rig.get('b', question)), 'empty');
  for (const chat of [
    chatOf(question, { model: 'fast' }),
    chatOf(question, { seed: 7n }),
    chatOf(question, { maxTokens: 5 }),
    chatOf('', { messages: [said(Role.SYSTEM, 'Lie.'), said(Role.USER, question)] }),
  ]) {
    assert.equal(summary(await rig.get('a', chat)), 'empty');
  }
  await rig.put('a', 'Madrid est la capitale de quel pays ?', 'L’Espagne.');
  await rig.indexed();
  assert.equal(summary(await rig.get('a', 'Madrid is the capital of which country?', byMeaning)), 'below_confidence');
});

test('an answer of a model below the asked rank is a miss, exactly and by meaning', async () => {
  await rig.put('rank', 'What is the capital of Portugal?', 'Lisbon.', 1);
  await rig.indexed();
  const ask = (levels: Level[], minimumRank: number, question = "What's the capital of Portugal?") =>
    rig.get('rank', question, levels, { minimumRank });
  assert.equal(summary(await ask(exactly, 2, 'What is the capital of Portugal?')), 'below_rank');
  assert.equal(summary(await ask(byMeaning, 2)), 'below_rank');
  assert.deepEqual(summary(await ask(byMeaning, 1)), ['Lisbon.', Source.SEMANTIC]);
});

/** Templates as the rig begins with, saying when shops open. */
const hours = (time: string) =>
  `templates: [{ name: hours, pattern: "when does the {shop} open", answer: "The {shop} opens at ${time}.", serve: always }]\n`;

test('what must not be kept is not; the reason is given, and counted', async () => {
  const tool = { name: 'f', parametersJson: '{}' };
  const image = { content: { case: 'image' as const, value: { url: 'https://example.org/a.png' } } };
  const made = (change: Omit<MessageInitShape<typeof AnswerSchema>, '$typeName' | '$unknown'>) =>
    create(AnswerSchema, { ...answerOf('Yes.'), ...change });
  const from = (change: object) => made({ provenance: { ...answerOf('').provenance, ...change } });
  const cases: [string, Chat | string, Answer][] = [
    ['temperature', chatOf('Tell me a story', { temperature: 1 }), made({})],
    ['tools', chatOf('Call it', { tools: [tool] }), made({})],
    ['response_format', chatOf('As JSON', { responseFormat: { type: 'json_object' } }), made({ text: '{}' })],
    ['images', chatOf('', { messages: [{ role: Role.USER, parts: [image] }] }), made({})],
    ['empty', 'Say nothing', made({ text: '' })],
    ['refusal', 'Say no', made({ text: 'I’m sorry, but I can’t help with that.' })],
    ['truncated', 'Say half', made({ finishReason: FinishReason.LENGTH })],
    ['content_filter', 'Say that', made({ finishReason: FinishReason.CONTENT_FILTER })],
    ['unfinished', 'Break off', made({ finishReason: FinishReason.UNSPECIFIED })],
    ['tool_call', 'Call one', made({ toolCalls: [{ id: '1', name: 'f', argumentsJson: '{}' }] })],
    ['degraded', 'Make do', from({ degraded: true })],
    ['source', 'Say it again', from({ source: Source.SEMANTIC })],
    ['personal_data', 'Who is jane.doe@acme-mail.com?', made({})],
    ['personal_data', 'Where do I write to?', made({ text: 'To jane.doe@acme-mail.com.' })],
  ];
  rig.configure(`cache: { personalData: skip }\n${hours('nine')}`);
  const counted = async (reason: string) =>
    (await rig.client.stats({ $typeName: 'refrain.cache.v1.StatsRequest' })).refusals[reason] ?? 0n;
  for (const [reason, question, answer] of cases) {
    const before = await counted(reason);
    const { stored, refusedReason } = await rig.put('kept-out', question, '', 3, { answer });
    assert.deepEqual([stored, refusedReason, (await counted(reason)) - before], [false, reason, 1n]);
    assert.equal((await rig.get('kept-out', question, exactly)).answer, undefined);
  }
  rig.configure(hours('nine'));
  const [, question = '', answer] = cases[12] ?? [];
  assert.ok(answer && (await rig.put('kept-out', question, '', 3, { answer })).stored, 'kept unless told otherwise');
});

test('code, what changes with time and what is long are kept exactly, and never compared by meaning', async () => {
  const cases: [string, string][] = [
    ['```js\nconst a = 1;\n```\nWhat does this code do?', 'code'],
    ['What is the weather in Oslo today?', 'volatile'],
    [`Sum this up: ${'word '.repeat(300)}`, 'too_long'],
  ];
  for (const [question, reason] of cases) {
    await rig.put('kinds', question, 'An answer.');
    assert.deepEqual(summary(await rig.get('kinds', question)), ['An answer.', Source.EXACT]);
    assert.equal(summary(await rig.get('kinds', question, byMeaning)), reason);
  }
});

test('a dialogue is answered by none with another history', async () => {
  const after = (history: string) =>
    chatOf('', {
      messages: [said(Role.USER, history), said(Role.ASSISTANT, 'Yes.'), said(Role.USER, 'What is the tallest hill?')],
    });
  await rig.put('talk', after('Do you know Wales?'), 'Snowdon.');
  await rig.indexed();
  assert.deepEqual(summary(await rig.get('talk', after('Do you know Wales?'))), ['Snowdon.', Source.EXACT]);
  assert.equal((await rig.get('talk', after('Do you know Scotland?'))).answer, undefined);
  assert.equal((await rig.get('talk', 'What is the tallest hill?')).answer, undefined);
});

test('a question the model reads only in part is never compared by meaning, however short', async () => {
  await rig.put('parts', 'What is the capital of France?', 'Paris.');
  await rig.put('parts', '北京的首都是什么', '北京。');
  const { refusals } = await rig.client.stats({ $typeName: 'refrain.cache.v1.StatsRequest' });
  assert.ok((refusals.near_unknown_symbols ?? 0n) > 0n);
  assert.equal(summary(await rig.get('parts', 'What is the capital of ⌘?', byMeaning)), 'unknown_symbols');
  assert.equal((await rig.get('parts', 'What is the capital of 😀?', byMeaning)).answer, undefined);
  assert.equal(summary(await rig.get('parts', `What is ${'1,2,3,'.repeat(150)}?`, byMeaning)), 'too_long');
});

test('a template marked always answers, and then stands under its exact key', async () => {
  const { answer } = await rig.get('a', 'When does the bakery open?');
  assert.deepEqual(
    [answer?.text, answer?.provenance?.source, answer?.provenance?.model, answer?.provenance?.degraded],
    ['The bakery opens at nine.', Source.TEMPLATE, 'hours', false],
  );
  await eventually(async () => (await rig.get('a', 'When does the bakery open?', exactly)).answer !== undefined);
  const exact = await rig.get('a', 'When does the bakery open?');
  assert.deepEqual(summary(exact), ['The bakery opens at nine.', Source.EXACT]);
  assert.deepEqual([exact.answer?.provenance?.provider, exact.answer?.provenance?.model], ['template', 'hours']);
});

test('a template does not answer who wants JSON or tools', async () => {
  const question = 'When does the bakery open?';
  const json = chatOf(question, { responseFormat: { type: 'json_object' } });
  assert.equal(summary(await rig.get('a', json)), 'response_format');
  assert.equal(summary(await rig.get('a', chatOf(question, { tools: [{ name: 'f' }] }))), 'tools');
});

test('an edited template is served as it is now, not as it was kept', async () => {
  const question = 'When does the library open?';
  await rig.get('edited', question);
  await eventually(async () => (await rig.get('edited', question, exactly)).answer !== undefined);
  rig.configure(hours('ten'));
  assert.equal(summary(await rig.get('edited', question, exactly)), 'template_changed');
  assert.deepEqual(summary(await rig.get('edited', question)), ['The library opens at ten.', Source.TEMPLATE]);
  rig.configure(hours('nine'));
});

test('other rules in refrain.yaml make the old entries unfindable, and going back finds them', async () => {
  const question = 'How high is the Zugspitze?';
  await rig.put('rules', question, '2,962 m.');
  rig.configure('cache: { semantic: { threshold: 0.97 } }\n');
  assert.equal(summary(await rig.get('rules', question)), 'empty');
  rig.configure('cache: { exact: { enabled: false }, semantic: { enabled: false } }\n');
  assert.equal(summary(await rig.get('rules', question, [Level.EXACT, Level.SEMANTIC])), 'disabled');
  rig.configure('');
  assert.deepEqual(summary(await rig.get('rules', question)), ['2,962 m.', Source.EXACT]);
});

test('a price or a route in refrain.yaml flushes nothing', async () => {
  const question = 'How high is the Watzmann?';
  rig.configure('');
  await rig.put('rules', question, '2,713 m.');
  rig.configure('aliases: { fast: [p/m] }\n');
  assert.deepEqual(summary(await rig.get('rules', question)), ['2,713 m.', Source.EXACT]);
});
