/**
 * The gate before other weights of the prompt model ship: prompts written by hand, none of them made from the frames of the fit, of which
 * so many at least are taken for what they are. The full measurement is `npm run -s quality -- routing`, see docs/routing-quality.md.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePrompt } from '@refrain/judgement';

const prompts: Readonly<Record<string, readonly string[]>> = {
  code: [
    'Write a Python generator that yields primes.',
    'How can I undo the last git commit without losing my changes?',
    'TypeError: Cannot read properties of undefined (reading "map") in my React list. What is wrong?',
    'SELECT name FROM users WHERE id IN (1,2) returns nothing, why?',
    'Convert this for loop to a list comprehension:\nout = []\nfor x in xs:\n    out.append(x * 2)',
    'Implement an LRU cache in Rust with O(1) operations.',
    'What does the volatile keyword do in Java?',
    'Write a Dockerfile for a Node 24 service with a health check.',
    'Scrivi una funzione Python che conta le parole di un file.',
    'Wie schreibe ich einen Unit-Test für diese C#-Methode?',
  ],
  reasoning: [
    'If five machines make five parts in five minutes, how long do 100 machines need for 100 parts?',
    'Prove that there are infinitely many primes.',
    'A shirt costs 40 dollars after a discount of 20 %. What was its price before?',
    'Solve for x: 3x - 7 = 2(x + 4).',
    'What is the probability of at least one six in four rolls of a die?',
    'Anna is taller than Ben and Ben is taller than Cleo. Who is the shortest?',
    'Find the eigenvalues of the matrix [[2, 1], [1, 2]].',
    'Докажите, что корень из трёх иррационален.',
    'Which of the following is a noble gas?\nA. Oxygen\nB. Neon\nC. Chlorine\nD. Iron',
    'Let G be a finite group of odd order. Show that it has no element of order two.',
  ],
  text: [
    'Write a short story about a lighthouse keeper.',
    'What is the capital of Peru?',
    'Summarize the plot of Hamlet in two sentences.',
    'Help me word an apology to my neighbour for the noise.',
    'Suggest five names for a bakery.',
    'Translate into French: the meeting was moved to Friday.',
    'What should I see in Lisbon in three days?',
    'Make this paragraph sound more formal: we got loads of emails and nobody knew what to do.',
    'How do I cancel my subscription?',
    'Escribe una carta de recomendación para una colega.',
  ],
  ui: [
    'Design a landing page for a yoga studio with a dark header.',
    'Create a responsive pricing table with three columns in HTML and CSS.',
    'Build a React component for a star rating with hover states.',
    'Make a web page with a photo gallery and a lightbox.',
    'Build a website for a bike rental where customers can book, pay and see their bookings.',
    'Add a sticky navigation bar with a hamburger menu on mobile.',
  ],
};

const simple = [
  'What is a spoon?',
  'Write a birthday wish for my sister.',
  'Tell me a joke about cats.',
  'What colour is milk?',
];
const complex = [
  'Critically compare Bayesian and frequentist approaches to adaptive clinical trials, discuss their assumptions and limits, and justify which you would recommend to a regulator.',
  'Design a replicated key-value store that survives network partitions: describe consensus, sharding and recovery, analyze the trade-offs, and outline how you would verify it.',
  'Evaluate the effects of quantitative easing on bond liquidity and moral hazard, support each claim with evidence, and address the objections of a monetarist.',
  'Explain the pathophysiology of septic shock, derive a plan of treatment for a patient with renal failure, and discuss the evidence for each step.',
];

test('of each kind of work at least nine prompts in ten are known', () => {
  const wrong = Object.entries(prompts).flatMap(([task, texts]) =>
    texts
      .filter((text) => judgePrompt(text).task !== task)
      .map((text) => `${task}, not ${judgePrompt(text).task}: ${text}`),
  );
  const all = Object.values(prompts).flat().length;
  assert.ok(wrong.length <= all / 10, wrong.join('\n'));
});

test('everyday wishes are simple, a profession’s demands complex, and the score orders them', () => {
  for (const text of simple) assert.equal(judgePrompt(text).complexity, 'simple', text);
  for (const text of complex) assert.equal(judgePrompt(text).complexity, 'complex', text);
  const most = Math.max(...simple.map((text) => judgePrompt(text).level));
  assert.ok(complex.every((text) => judgePrompt(text).level > most));
});

test('a proof and a program need a strong model more than small talk', () => {
  const need = (text: string) => judgePrompt(text).need;
  for (const text of ['What is the capital of Peru?', 'Tell me a joke about cats.'])
    for (const hard of [
      'Prove that there are infinitely many primes.',
      'Implement an LRU cache in Rust with O(1) operations.',
    ])
      assert.ok(need(hard) > need(text), `${hard} / ${text}`);
});
