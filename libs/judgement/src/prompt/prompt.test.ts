import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ChatSchema, Complexity, Role } from '@refrain/contracts';
import { createLexicalClassifier } from '../classifier.ts';
import { createMeaning, mixed, nearness } from './meaning.ts';
import { judgePrompt, shippedMeaningWeights } from './shipped.ts';
import { readCharacters } from './tokens.ts';
import { weigh } from './vocabulary.ts';

const classifier = createLexicalClassifier({
  simpleBelowCharacters: 100,
  complexWords: ['design', 'flow', 'ux', 'ui'],
});
const message = (role: Role, text: string) => ({ role, parts: [{ content: { case: 'text' as const, value: text } }] });
const classify = (...texts: string[]) =>
  classifier.classify(create(ChatSchema, { messages: texts.map((text) => message(Role.USER, text)) }));

const prompts = [
  'What is the capital of France?',
  'Write a poem about the autumn rain',
  'Implement an LRU cache in Rust with constant-time operations and explain the ownership of its nodes, please.',
  'Create a responsive pricing table with three columns in HTML and CSS, with a highlighted one in the middle.',
  'A train leaves at noon and travels at 80 km an hour; another leaves at one and travels at 120. When do they meet?',
  'Critically compare Bayesian and frequentist approaches to clinical trials, discuss their assumptions, and justify which you would recommend.',
  'Summarize the following e-mail for my manager: the delivery is late, the customer is angry, and we need a new date.',
  'Translate "good morning" into German',
];

/** What a hurried hand does to a prompt. */
const perturbations: readonly ((text: string) => string)[] = [
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => `  ${text.replaceAll(' ', '  ')} `,
  (text) => text.replaceAll(' ', '\u00a0'),
  // A letter doubled, and two exchanged, in the longest word.
  (text) => withTypo(text, (word) => word.slice(0, 3) + word.slice(2)),
  (text) => withTypo(text, (word) => word.slice(0, 2) + word[3] + word[2] + word.slice(4)),
];

function withTypo(text: string, change: (word: string) => string): string {
  const longest = text.split(' ').sort((a, b) => b.length - a.length)[0] ?? '';
  return text.replace(longest, change);
}

test('case, spacing and a typo do not change the class', () => {
  for (const text of prompts)
    for (const [i, perturb] of perturbations.entries()) {
      const [{ task, complexity }, other] = [classify(text), classify(perturb(text))];
      assert.deepEqual([other.task, other.complexity], [task, complexity], `${i}: ${perturb(text)}`);
    }
});

test('whatever a prompt holds, it is judged, and every number is one', () => {
  const odd = [
    '',
    ' ',
    '\ud800',
    'a\udc00b',
    '\0\0\0',
    '😀'.repeat(5000),
    '('.repeat(1 << 20),
    '$'.repeat(1 << 20),
    '\n'.repeat(1 << 20),
  ];
  for (const text of odd) {
    const { need, level, taskMargin, levelMargin } = judgePrompt(text);
    assert.ok([need, level, taskMargin, levelMargin].every(Number.isFinite));
    const { complexityScore, need: told } = classify(text);
    assert.ok(complexityScore >= 0 && complexityScore <= 1 && told >= 0 && told <= 1);
  }
});

test('no further than its head is read: what follows changes nothing but the length', () => {
  const head = 'Prove the theorem. '.repeat(readCharacters / 19 + 1).slice(0, readCharacters);
  assert.deepEqual(judgePrompt(`${head}${'poem '.repeat(100)}`), judgePrompt(`${head}${'code '.repeat(100)}`));
});

test('a dialogue keeps the greatest need and score of its user turns', () => {
  const turns = [prompts[5] ?? '', 'thanks', prompts[2] ?? '', 'and now shorter'];
  const alone = turns.map((turn) => classify(turn));
  const all = classify(...turns);
  assert.equal(all.need, Math.max(...alone.map(({ need }) => need)));
  assert.equal(all.complexityScore, Math.max(...alone.map(({ complexityScore }) => complexityScore)));
  assert.ok(all.need > classify('and now shorter').need);
});

test('between the rules the model decides, and says so', () => {
  const { complexity, reason } = classify(prompts[5] ?? '');
  assert.deepEqual([complexity, reason], [Complexity.COMPLEX, 'model']);
  assert.equal(classify('hi').reason, 'short');
});

test('weighed terms have length 1, and a term of a form counts only for texts of that form', () => {
  const vocabulary = {
    open: new Map([['red', 0]]),
    choices: new Map([['red', 1]]),
    sum: new Map<string, number>(),
  };
  const of = (text: string) => weigh(text, text.toLowerCase().split(' '), vocabulary, [20, 40]);
  assert.deepEqual([...of('red').places], [0]);
  const quiz = of('red \n a. x \n b. y \n c. z');
  assert.deepEqual([...quiz.places], [0, 1]);
  assert.ok(Math.abs(quiz.weights.reduce((sum, weight) => sum + weight * weight, 0) - 1) < 1e-12);
  assert.equal((quiz.weights[1] ?? 0) / (quiz.weights[0] ?? 1), 2);
});

const { dimensions } = shippedMeaningWeights;
/** A unit vector along one axis. */
const axis = (at: number, length = dimensions) => Float32Array.from({ length }, (_, i) => (i === at ? 1 : 0));
const chatOf = (...texts: string[]) => create(ChatSchema, { messages: texts.map((text) => message(Role.USER, text)) });

test('meaning is the weighed nearness to landmarks: 1 at a landmark, less the farther off', () => {
  const landmarks = Int8Array.from([100, 0, 0, 100]);
  const form = { step: 0.01, sharpness: 2 };
  const near = nearness(Float32Array.from([1, 0]), landmarks, form);
  assert.ok(Math.abs((near[0] ?? 0) - 1) < 1e-9 && Math.abs((near[1] ?? 0) - Math.exp(-2)) < 1e-9);
  const head = { bias: 1, of: [2, 0] };
  const heads = { need: head, code: head, reasoning: head, text: head, ui: { bias: 0, of: [0, 1] } };
  const shares = { task: 0.5, need: { open: 0.5, choices: 0, sum: 0 } };
  const packed = Buffer.from(landmarks.buffer).toString('base64');
  const meaning = createMeaning({ embedder: 'two', dimensions: 2, landmarks: packed, heads, shares, ...form });
  const scores = meaning(Float32Array.from([1, 0]));
  assert.deepEqual(scores?.slice(0, 4).map(Math.round), [3, 3, 3, 3]);
  assert.equal(meaning(Float32Array.from([1, 0, 0])), undefined);
  assert.deepEqual(mixed([1, 1, 1, 1, 1, 7], [3, 3, 3, 3, 3], 'choices', shares), [1, 2, 2, 2, 2, 7]);
});

test('an embedding has a say in the task, never raises the need, and leaves the level to the words', () => {
  const text = 'Which of the notes below are about money? Sort them by date.';
  const words = judgePrompt(text);
  const judged = Array.from({ length: 40 }, (_, i) => judgePrompt(text, axis(i)));
  assert.ok(judged.some(({ taskMargin }) => Math.abs(taskMargin - words.taskMargin) > 0.05));
  assert.ok(judged.every(({ need }) => need <= words.need));
  assert.ok(judged.some(({ need }) => need < words.need));
  assert.ok(judged.every(({ level, complexity }) => level === words.level && complexity === words.complexity));
});

test('a question that stands alone is refined; a dialogue, and a vector of another embedder, change nothing', () => {
  const chat = chatOf(prompts[1] ?? '');
  const told = classifier.classify(chat);
  const refined = classifier.refine(chat, told, axis(3));
  assert.equal(refined.withEmbedding, true);
  assert.deepEqual({ ...refined, withEmbedding: false, task: told.task, need: told.need }, { ...told });
  assert.equal(classifier.refine(chat, told, axis(3, 8)), told);
  const dialogue = chatOf(prompts[1] ?? '', 'and now shorter');
  const class_ = classifier.classify(dialogue);
  assert.equal(classifier.refine(dialogue, class_, axis(3)), class_);
  assert.ok(class_.need >= refined.need);
});
