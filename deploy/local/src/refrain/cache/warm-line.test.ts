import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ChatSchema, Role, type StoreRequest, Task } from '@refrain/contracts';
import { exactKey } from '@refrain/judgement';
import { parseMeshConfig } from '@refrain/service';
import { createWarmReader, type WarmOptions } from './warm-line.ts';

const mesh = parseMeshConfig(
  `version: 1
tiers: { free: { lane: low, requestsPerMinute: 1 }, basic: { lane: low, requestsPerMinute: 1 }, pro: { lane: low, requestsPerMinute: 1 }, enterprise: { lane: low, requestsPerMinute: 1 } }
providers: { p: { adapter: openai, keyless: true, models: [{ name: m, rank: 3, contextTokens: 1000 }] } }
aliases: { best: [p/m] }
profiles: { debug: { system: Find faults., try: [p/m] } }
routes: [{ try: [p/m] }]
`,
  'test.yaml',
);
const options: WarmOptions = { tenant: 't', model: 'auto', rank: undefined, ttlSeconds: undefined, tags: [], mesh };
const read = (line: object, more: Partial<WarmOptions> = {}) =>
  createWarmReader({ ...options, ...more })(JSON.stringify(line));
const requestOf = (line: object, more: Partial<WarmOptions> = {}): StoreRequest => {
  const result = read(line, more);
  assert.ok('request' in result, 'fault' in result ? result.fault : '');
  return result.request;
};
const faultOf = (json: string): string => {
  const result = createWarmReader(options)(json);
  assert.ok('fault' in result, json);
  return result.fault;
};
const good = { question: 'What is a monad?', answer: 'A monoid.' };

test('a line has the key of the request that a door makes of the same question', () => {
  const scope = { tenant: 't', policy: 'p', defaultMaxTokens: mesh.limits.maxTokens };
  const keyOf = (init: MessageInitShape<typeof ChatSchema>) => exactKey(create(ChatSchema, init), scope);
  const said = (role: Role, value: string) => ({ role, parts: [{ content: { case: 'text' as const, value } }] });
  const keyOfLine = (line: object) =>
    exactKey(requestOf({ ...line, answer: 'Yes.' }).chat ?? create(ChatSchema), scope);
  const dialogue = [said(Role.USER, 'One?'), said(Role.ASSISTANT, 'Two.'), said(Role.USER, 'Three?')];
  assert.equal(keyOfLine({ question: 'One?' }), keyOf({ model: 'auto', messages: [said(Role.USER, 'One?')] }));
  assert.equal(
    keyOfLine({ question: 'One?', system: 'Be brief.', model: 'best' }),
    keyOf({ model: 'best', messages: [said(Role.SYSTEM, 'Be brief.'), said(Role.USER, 'One?')] }),
  );
  const messages = [
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: 'Two.' },
    { role: 'user', content: 'Three?' },
  ];
  assert.equal(keyOfLine({ messages }), keyOf({ model: 'auto', messages: dialogue }));
  // Who asks for a profile asks with its system prompt.
  assert.equal(
    keyOfLine({ question: 'One?', model: 'debug' }),
    keyOf({ model: 'debug', messages: [said(Role.SYSTEM, 'Find faults.'), said(Role.USER, 'One?')] }),
  );
});

test('it is judged as the router judges it, and keeps tags, time and rank', () => {
  const request = requestOf(
    { ...good, question: 'Write a python function', tags: ['b', 'a'] },
    { tags: ['a'], ttlSeconds: 60 },
  );
  assert.equal(request.classification?.task, Task.CODE);
  assert.deepEqual([request.tags, request.ttlSeconds, request.rank, request.tenant], [['a', 'b'], 60, 5, 't']);
});

test('who answered has the rank that refrain.yaml gives it, or the one it is told', () => {
  const line = { ...good, provider: 'p/m' };
  assert.equal(requestOf(line).rank, 3);
  assert.equal(requestOf(line, { rank: 1 }).rank, 1);
  const { provider, model } = requestOf(line).answer?.provenance ?? {};
  assert.deepEqual([provider, model], ['p', 'm']);
  assert.equal(requestOf({ ...good, provider: 'other/x' }, { rank: 2 }).rank, 2);
});

test('every fault of a line is named, and nothing of its text is quoted', () => {
  const faults: [string, RegExp][] = [
    ['{', /^is not JSON$/],
    ['{"question":"secret\uFFFD","answer":"a"}', /^is not UTF-8$/],
    ['[]', /expected object/],
    ['{"answer":"a"}', /^needs either question or messages$/],
    ['{"question":"q","messages":[{"role":"user","content":"q"}],"answer":"a"}', /^needs either question or messages$/],
    ['{"question":" ","answer":""}', /^question: must not be empty; answer: must not be empty$/],
    ['{"question":"q","answer":"a","anser":"b"}', /anser/],
    ['{"question":"q","answer":"a","model":"gpt"}', /^model: nobody can ask for gpt;/],
    ['{"question":"q","answer":"a","provider":"x/y"}', /^provider: x\/y is not in refrain\.yaml.*--rank/],
    ['{"question":"q","answer":"a","provider":"openai"}', /^provider: write <provider>\/<model>$/],
    ['{"question":"q","answer":"I\'m sorry, I can\'t help with that."}', /^answer: refusal, so never kept$/],
    ['{"question":"q","answer":"a","tags":["a\\u0007"]}', /^tags\.0: must be 1 to 64 characters/],
    [
      `{"question":"q","answer":"a","tags":${JSON.stringify(Array.from('abcdefghijklmnopq'))}}`,
      /^tags: must not be more than 16/,
    ],
    ['{"messages":[{"role":"assistant","content":"a"}],"answer":"a"}', /messages\[0\]\.role must be user/],
  ];
  for (const [json, expected] of faults) assert.match(faultOf(json), expected);
});
