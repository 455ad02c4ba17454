import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAnswers } from './compare-answers.ts';

type Case = readonly [stored: string, fresh: string, cosine?: number];

function all(expected: string, cases: readonly Case[]): void {
  for (const [stored, fresh, cosine] of cases) {
    for (const [a, b] of [
      [stored, fresh],
      [fresh, stored],
    ] as const) {
      const { verdict, reason } = compareAnswers(a, b, cosine);
      assert.equal(verdict, expected, `${a} / ${b}: ${verdict} by ${reason}`);
    }
  }
}

test('the same answer in other layout, case or punctuation is the same', () => {
  all('same', [
    ['Paris.', 'paris'],
    ['**Use `npm ci`.**', 'Use npm ci'],
    ['It takes 3 to 5 days,\nusually.', 'It takes 3 to 5 days, usually'],
  ]);
});

test('a short answer that the longer one holds is the same', () => {
  all('same', [
    ['Paris', 'The capital of France is Paris.'],
    ['Eight hours.', 'The battery lasts about 8 hours.'],
    ['In 1969.', 'The first landing on the Moon was in 1969.'],
  ]);
});

test('nearly the same words, or most of them about the same thing, are the same', () => {
  all('same', [
    ['Open the settings page and click Reset password.', 'Open the settings page, then click on Reset password.'],
    [
      'Refunds arrive within five days on the card you paid with.',
      'The refund arrives on the same card within 5 days after approval.',
      0.82,
    ],
  ]);
});

test('the same words are no sign of the same answer where they may say something else', () => {
  all('unsure', [
    ['Alice paid Bob.', 'Bob paid Alice.', 0.95],
    ['The tax is 19 % on books and 7 % on food.', 'The tax is 7 % on books and 19 % on food.', 0.95],
    ['You should take it before meals.', 'You should take it after meals.', 0.95],
    ['Ответ: да', 'Ответ: нет', 0.95],
  ]);
  all('same', [['Ответ: да', '**Ответ**: да.']]);
});

test('yes against no is different, whatever follows', () => {
  all('different', [
    ['Yes, it keeps the order of insertion.', 'No. The order is random on purpose.'],
    ['No, you need a permit.', 'Yes, as long as you have the permit with you.'],
    ['Ja, das geht.', 'Nein, das geht nicht.'],
    ['Sí, es posible.', 'No, es posible.'],
    ['Sim.', 'Não.'],
  ]);
});

test('other numbers of the same thing are different; the same number written otherwise is not', () => {
  all('different', [
    ['12 months', '24 months'],
    ['The limit is 10 MB for each file.', 'The limit is 25 MB for each file.'],
    ['It boils at 78.4 degrees Celsius.', 'It boils at 64.7 degrees Celsius.', 0.95],
  ]);
  all('same', [['The trial lasts two weeks.', 'The trial lasts 14 days.']]);
});

test('another name as the whole answer is different', () => {
  all('different', [
    ['Paris.', 'Madrid.'],
    ['Marie Curie', 'Albert Einstein'],
  ]);
});

test('one "not" more in the same words is different', () => {
  all('different', [
    ['You can cancel the order after it has shipped.', 'You cannot cancel the order after it has shipped.'],
  ]);
});

test('next to nothing in common is different only where the embeddings agree that it is', () => {
  const pair = [
    'Press the film flat onto the surface so that no air touches it.',
    'A deed of sale must be signed before a notary in most countries.',
  ] as const;
  all('different', [[...pair, 0.1]]);
  all('unsure', [pair]);
  all('unsure', [['Sure, that works.', 'You may.', 0.6]]);
});

test('what could be either is unsure', () => {
  all('unsure', [
    ['', 'Paris.'],
    ['Madrid.', 'Spain has one capital.', 0.6],
    ['It depends on your plan.', 'That depends on the contract you have signed with us.'],
    [
      'Run the tests first, then deploy to staging.',
      'Deploy to staging after the checks have passed, and watch the log.',
    ],
    ['No problem, it works.', 'Yes, it works.'],
    [
      'Unreachable objects are collected, young ones often and cheaply.',
      'Whatever the roots cannot reach any more is reclaimed.',
      0.6,
    ],
  ]);
});

test('it never fails, and long answers take no longer than short ones are worth', () => {
  for (const text of ['\u0000', '🎉🎉', ')', 'a'.repeat(100_000), 'word '.repeat(50_000)])
    compareAnswers(text, 'Paris.');
});
