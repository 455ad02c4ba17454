import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { type Chat, ChatSchema, ClassificationSchema, Role } from '@refrain/contracts';
import { exactKey, partitionKey } from '../key.ts';
import { createVerifier } from '../verifier/verify.ts';
import { createThresholdVerifier } from '../verifier.ts';
import { resolvesTo, standaloneForms } from './standalone.ts';
import { standsAlone } from './stands-alone.ts';
import { waysOf } from './ways.ts';

const scope = { tenant: 't', policy: 'p', defaultMaxTokens: 1000 };
const message = (role: Role, text: string) => ({ role, parts: [{ content: { case: 'text' as const, value: text } }] });
/** Turns by turns: the asker's, the answer, the asker's… */
const dialogue = (...turns: string[]): Chat =>
  create(ChatSchema, { messages: turns.map((text, i) => message(i % 2 === 0 ? Role.USER : Role.ASSISTANT, text)) });
const prose = 'He is a member of a well-known family.';
const alone = (text: string) => partitionKey(dialogue(text), scope);
const isOpen = (chat: Chat) => waysOf(chat, scope).length > 1;

test('a follow-up is the question written out with what the dialogue named, and no other question', () => {
  const history = ['Who is Barron Trump?'];
  assert.ok(standaloneForms(history, 'How old is he?').includes('How old is Barron Trump?'));
  assert.ok(resolvesTo(history, 'How old is he?', 'How old is Barron Trump?'));
  for (const other of [
    'How old is Elon Musk?',
    'How tall is Barron Trump?',
    'Who is Barron Trump?',
    'How old is he?',
    'How old is Barron?  Is he rich?',
  ])
    assert.ok(!resolvesTo(history, 'How old is he?', other), other);
});

test('where another thing could be meant, a follow-up stands for nothing', () => {
  const cases: [string[], string, string][] = [
    // The answer names whom it is about.
    [['Who is the father of Barron Trump?'], 'How old is he?', 'How old is Barron Trump?'],
    [["Who is Barron Trump's father?"], 'How old is he?', 'How old is Barron Trump?'],
    [['Who wrote Dune?'], 'How old is he?', 'How old is Dune?'],
    [['What is the capital of France?'], 'How many people live in it?', 'How many people live in France?'],
    [['What is the capital of France?'], 'How big is it?', 'How big is France?'],
    // Two have been named, in one turn or in two.
    [['Is Barron Trump the son of Donald Trump?'], 'How old is he?', 'How old is Donald Trump?'],
    [['Who is Barron Trump?', 'Who is Elon Musk?'], 'How old is he?', 'How old is Barron Trump?'],
    [['What is anemia?', 'Tell me about scurvy.'], 'Is it curable?', 'Is anemia curable?'],
    // Two pointers, and who is who is not said.
    [['Did Alice meet Bob?'], 'Did she like him?', 'Did Bob like Alice?'],
    // Another sense in few words.
    [['Tell me about biodegradable plastics.'], 'How are they made?', 'How are biodegradable plastics recycled?'],
    [['What is anemia?'], 'Is it curable?', 'Is anemia not curable?'],
    [['Is fatigue a symptom of anemia?'], 'What are other symptoms?', 'What are symptoms of anemia?'],
  ];
  for (const [history, followUp, standalone] of cases)
    assert.ok(!resolvesTo(history, followUp, standalone), `${history.join(' / ')} | ${followUp} | ${standalone}`);
});

test('a plural answer is not meant by a singular word, nor is the subject of a question about it', () => {
  assert.ok(resolvesTo(['What are the symptoms of anemia?'], 'Is it curable?', 'Is anemia curable?'));
  assert.ok(resolvesTo(['What do lions eat?'], 'How long do they live?', 'How long do lions live?'));
});

test('a turn stands alone only where it names its subject itself', () => {
  const history = ['What is throat cancer?'];
  for (const question of ['What causes throat cancer?', 'What is the capital of France?', 'Who is Angela Merkel?'])
    assert.ok(standsAlone(history, question), question);
  for (const question of [
    'What are the symptoms?',
    'Is it treatable?',
    'What about France?',
    'And lung cancer?',
    'Why?',
    'What else causes cancer?',
    'Which cancer is the most common?',
    'No, throat cancer.',
    'What is a genre?',
    'I have throat cancer. What now?',
    'Does my throat cancer spread?',
  ])
    assert.ok(!standsAlone(history, question), question);
});

test('a question in a dialogue is looked for in an equal dialogue first, then among those that were asked alone', () => {
  const chat = dialogue('Who is Barron Trump?', prose, 'How old is he?');
  const [own, other, ...more] = waysOf(chat, scope);
  assert.deepEqual([own?.partition, own?.texts, own?.history], [partitionKey(chat, scope), ['How old is he?'], []]);
  assert.equal(other?.partition, alone('How old is it?'));
  assert.ok(other?.texts.includes('How old is Barron Trump?'));
  assert.deepEqual([other?.history, more], [['Who is Barron Trump?'], []]);
});

test('a turn that stands alone is looked for as it is, without its dialogue', () => {
  const [, other] = waysOf(dialogue('What is throat cancer?', prose, 'What causes throat cancer?'), scope);
  assert.deepEqual([other?.partition, other?.texts, other?.history], [alone('x'), ['What causes throat cancer?'], []]);
});

test('system prompt, settings and tenant part those asked alone as they part all others', () => {
  const chat = dialogue('What is throat cancer?', prose, 'What causes throat cancer?');
  const set = (change: Partial<Chat>, tenant = 't') =>
    waysOf({ ...chat, ...change } as Chat, { ...scope, tenant })[1]?.partition;
  const system = create(ChatSchema, { messages: [message(Role.SYSTEM, 'Be rude.')] }).messages;
  const sets = [
    set({}),
    set({}, 'u'),
    set({ model: 'fast' }),
    set({ seed: 1n }),
    set({ messages: [...system, ...chat.messages] }),
  ];
  assert.equal(new Set(sets).size, sets.length);
  assert.ok(!sets.includes(undefined));
});

test('a dialogue that sets a persona, a language, a form or facts binds all that follows', () => {
  const question = 'What causes throat cancer?';
  assert.ok(isOpen(dialogue('What is throat cancer?', prose, question)));
  for (const first of [
    'Answer in French from now on. What is throat cancer?',
    'You are a pirate. What is throat cancer?',
    'Always answer in one sentence.',
    'What is throat cancer? Be brief.',
    'Explain throat cancer like I am five.',
    'My father has throat cancer.',
    'I am a doctor. What is throat cancer?',
    'We live in Norway. What is throat cancer?',
    'What if nobody ever died of throat cancer?',
    'Assume that smoking is harmless. What is throat cancer?',
    'Respond only with JSON.',
    'Was ist das und wie ist die Heilung von throat cancer?',
  ])
    assert.ok(!isOpen(dialogue(first, prose, question)), first);
  for (const answer of [
    'malignant',
    '{"answer": "a tumour"}',
    '- a tumour\n- of the throat',
    'From now on I will answer in rhyme, dear asker.',
    'C’est une tumeur de la gorge, et elle est dans le cou.',
  ])
    assert.ok(!isOpen(dialogue('What is throat cancer?', answer, question)), answer);
});

test('tools, names, later system messages and long dialogues bind as well', () => {
  const turns = [message(Role.USER, 'What is throat cancer?'), message(Role.ASSISTANT, prose)];
  const last = message(Role.USER, 'What causes throat cancer?');
  const of = (...messages: object[]) => isOpen(create(ChatSchema, { messages }));
  assert.ok(of(...turns, last));
  assert.ok(!of(...turns, message(Role.SYSTEM, 'Lie.'), last));
  assert.ok(!of({ ...turns[0], name: 'bob' }, turns[1] as object, last));
  assert.ok(!of(turns[0] as object, { ...turns[1], toolCalls: [{ name: 'f' }] }, last));
  assert.ok(!of(...turns, { ...last, role: Role.ASSISTANT }));
  assert.ok(!of(...Array.from({ length: 13 }, () => turns).flat(), last));
});

test('two equal dialogues share a set, and one other word in an answer parts them', () => {
  const of = (answer: string, question: string) =>
    waysOf(dialogue('Who is Barron Trump?', answer, question), scope)[0]?.partition;
  assert.equal(of(prose, 'How old is he?'), of(prose, 'What is his age?'));
  assert.notEqual(of(prose, 'How old is he?'), of(`${prose} `, 'How old is he?'));
});

test('a stored question is taken for a follow-up by its words, not by its cosine, and not beyond the asked confidence', () => {
  const classification = create(ClassificationSchema);
  const history = ['Who is Barron Trump?'];
  const verifier = createVerifier({ maxWrongHitRate: 0.01 });
  const near = (question: string, cosine = 0.99) => ({ question, cosine });
  const decide = (candidates: { question: string; cosine: number }[], minimumConfidence?: number) =>
    verifier.decide('How old is he?', candidates, { classification, history, minimumConfidence });
  const verdict = decide([near('How old is Elon Musk?'), near('How old is Barron Trump?', 0.9)]);
  assert.ok('accept' in verdict && verdict.accept === 1 && verdict.confidence < 1);
  assert.deepEqual(decide([near('How old is Elon Musk?')]), { refuse: 'unresolved' });
  assert.deepEqual(decide([near('How old is Barron Trump?', 0.4)]), { refuse: 'below_threshold' });
  assert.deepEqual(decide([near('How old is Barron Trump?')], 0.99), { refuse: 'below_confidence' });
  assert.deepEqual(decide([near('How old is Barron Trump?')], Number.NaN), { refuse: 'below_confidence' });
  const asked = 'What are the EU rules?';
  const before = { classification, history: ['What is the purpose of organic food labels?'] };
  const [some, all] = [near('What are the EU rules of organic food?'), near('What are the EU rules of food labels?')];
  assert.ok('accept' in verifier.decide(asked, [some], before) && 'accept' in verifier.decide(asked, [all], before));
  assert.deepEqual(verifier.decide(asked, [some, all], before), { refuse: 'ambiguous' });
  const plain = createThresholdVerifier(0.8);
  const context = { classification, history };
  assert.deepEqual(plain.decide('How old is he?', [near('How old is Barron Trump?')], context), {
    refuse: 'unresolved',
  });
});

test('a dialogue word for word the same has the same exact key, and no other', () => {
  const chat = dialogue('Who is X?', prose, 'How old is he?');
  assert.equal(exactKey(chat, scope), exactKey(dialogue('Who is X?', prose, 'How old is he?'), scope));
  assert.notEqual(exactKey(chat, scope), exactKey(dialogue('Who is Y?', prose, 'How old is he?'), scope));
});
