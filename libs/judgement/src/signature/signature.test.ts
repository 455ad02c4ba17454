import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admissionClass } from './admission-class.ts';
import { signatureOf } from './signature.ts';

const numbers = (text: string) =>
  signatureOf(text).quantities.map(({ value, dimension }) => `${value} ${dimension}`.trim());

test('one amount has one form, however it is written', () => {
  const pairs: [string, string][] = [
    ['return within 2 weeks', 'return within 14 days'],
    ['generate 5k integers', 'generate 5000 integers'],
    ['a loan of $12,000', 'a loan of 12000 US dollars'],
    ['half a dozen eggs', 'six eggs'],
    ['ready in an hour and a half', 'ready in 90 minutes'],
    ['every day at 3 pm', 'every day at 15:00'],
    ['arrived on 2024-03-05', 'arrived on 5 March 2024'],
    ['over three years', 'over 36 months'],
    ['0.5 kg of flour', '500 g of flour'],
    ['twenty-two percent', '22%'],
    ['zehntausend € in 2 Jahren', '10.000 Euro in 24 Monaten'],
  ];
  for (const [a, b] of pairs) assert.deepEqual(numbers(a), numbers(b), `${a} / ${b}`);
});

test('other amounts, units and dates are other amounts', () => {
  const pairs: [string, string][] = [
    ['wait 30 seconds', 'wait 30 minutes'],
    ['up 5 percent', 'up 5 percentage points'],
    ['placed after 2024-06-01', 'placed after 2024-01-06'],
    ['ready at 7 pm', 'ready at 7 am'],
    ['10 MB', '10 KB'],
  ];
  for (const [a, b] of pairs) assert.notDeepEqual(numbers(a), numbers(b), `${a} / ${b}`);
});

test('case and marks count in code, paths, flags and ids, and nowhere else', () => {
  const literals = (text: string) => signatureOf(text).literals;
  const different: [string, string][] = [
    ['run rm -rf ./build', 'run rm -rf . /build'],
    ['git branch -d main', 'git branch -D main'],
    ['docker run -m 512m', 'docker run -m 512M'],
    ['echo x > build.log', 'echo x >> build.log'],
    ['loan LN-5567', 'loan LN-5567A'],
    ['jug Lago 300', 'jug Lago 300S'],
  ];
  for (const [a, b] of different)
    assert.notDeepEqual([literals(a), numbers(a)], [literals(b), numbers(b)], `${a} / ${b}`);
  assert.deepEqual(literals('transfer #WT-44219'), literals('transfer wt-44219'));
  assert.deepEqual(literals('IS IT SAFE'), literals('is it safe'));
});

test('courtesy is not part of a question', () => {
  const words = (text: string) => signatureOf(text).tokens.map(({ lemma }) => lemma);
  assert.deepEqual(
    words('Hello! Could you please tell me what a closure is? Thanks a lot!'),
    words('what a closure is'),
  );
});

test('any text has a signature: no language, no words, nothing, a megabyte', () => {
  for (const text of [
    '',
    ' ',
    '???',
    '日本の首都はどこですか',
    '\ud800',
    '😀😀',
    '"'.repeat(5000),
    'a-'.repeat(500_000),
    '1,'.repeat(300_000),
  ]) {
    const start = performance.now();
    assert.ok(signatureOf(text).tokens.length <= 200);
    admissionClass(text);
    assert.ok(performance.now() - start < 500, `${text.slice(0, 10)} took ${performance.now() - start} ms`);
  }
});

test('what acts, what changes by the minute, what looks a record up and what points back are told from what can be reused', () => {
  const classes: [string, string][] = [
    ['Transfer 100 euros to Ann', 'skip'],
    ['Delete ticket 4711', 'skip'],
    ['Please cancel my order', 'skip'],
    ['Set a timer for 10 minutes', 'skip'],
    ['How do I cancel an order?', 'ok'],
    ['Write a haiku about rain', 'ok'],
    ['Create todo app', 'ok'],
    ['What is my current balance?', 'skip'],
    ['What do I need to open a current account?', 'ok'],
    ['Is the API down right now?', 'skip'],
    ['What is the capital of Australia?', 'ok'],
    ['Look up invoice INV-2024-0071', 'exact'],
    ['What about the second one?', 'thread'],
    ["That's wrong", 'skip'],
    ['Convert 10 miles to kilometres', 'ok'],
  ];
  for (const [text, label] of classes) assert.equal(admissionClass(text).label, label, text);
});
