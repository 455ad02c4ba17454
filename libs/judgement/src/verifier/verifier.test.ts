import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ClassificationSchema, Task } from '@refrain/contracts';
import { confidenceFor, judge } from './judge.ts';
import { evaluateTrees } from './trees.ts';
import { createVerifier } from './verify.ts';

const classification = create(ClassificationSchema, { task: Task.TEXT });
const verifier = createVerifier({ maxWrongHitRate: 0.01 });
const refusal = (a: string, b: string, cosine = 0.98) => judge(a, b, cosine).refusal;

test('differences that an embedding cannot see are refused by name', () => {
  const cases: [string, string, string][] = [
    ['Is Redis faster than PostgreSQL?', 'Is PostgreSQL faster than Redis?', 'direction'],
    ['migrate a database from MySQL to Postgres', 'migrate a database from Postgres to MySQL', 'direction'],
    ['What is the formula to convert miles to knots?', 'What is the formula to convert knots to miles?', 'direction'],
    ['What is the effect of rain on traffic?', 'What is the effect of traffic on rain?', 'direction'],
    ['What is the effect of rain on traffic?', 'How does traffic affect rain?', 'direction'],
    ['What effect does rain have on traffic?', 'How is rain affected by traffic?', 'direction'],
    ['Can you substitute butter for oil?', 'Can you substitute oil for butter?', 'direction'],
    ['What percentage of pilots are women?', 'What percentage of women are pilots?', 'direction'],
    ['Which are the best beaches in Spain?', 'Which are the best beaches outside Spain?', 'opposite'],
    ['Who beat Anna at chess?', 'Who did Anna beat at chess?', 'direction'],
    ['Do cats chase dogs?', 'Do dogs chase cats?', 'word_order'],
    ['Does cold dry air cause nosebleeds?', 'Do nosebleeds cause cold dry air?', 'direction'],
    ['Is every square a rectangle?', 'Is every rectangle a square?', 'direction'],
    ['Who is the father of my mother?', 'Who is the mother of my father?', 'direction'],
    ["Who is my wife's brother?", "Who is my brother's wife?", 'word_order'],
    ['Do I sand the floor, then paint it?', 'Do I paint the floor, then sand it?', 'word_order'],
    ['Which documents do I need before the exam?', 'Which documents do I need during the exam?', 'connective'],
    ['Can employees carry over leave?', 'Must employees carry over leave?', 'scope'],
    ['Is the train cheaper than the bus?', 'Is the train as cheap as the bus?', 'scope'],
    ['Which lake is the largest in Italy?', 'Which lake is the second largest in Italy?', 'scope'],
    ['Which countries border Chad?', 'How many countries border Chad?', 'question_type'],
    ['What are the pros of remote work?', 'What are the pros and cons of remote work?', 'opposite'],
    ['What is a gift from a child?', 'What is a gift for a child?', 'connective'],
    ['Does Norway have a queen?', 'Did Norway have a queen?', 'scope'],
    ['Is 5 Mbps enough?', 'Is 5 MBps enough?', 'case'],
    ['What is a turkey?', 'What is Turkey?', 'case'],
    ['What does ?? do in Swift?', 'What does ?. do in Swift?', 'literal'],
    ['What is the "!" operator in C?', 'What is the "!!" operator in C?', 'literal'],
    ['Who is the mayor of Lyon?', 'Who was the mayor of Lyon?', 'scope'],
    ['How do I hide a sheet in Excel?', 'How do I hide all sheets in Excel?', 'scope'],
    ['List the shops where every item is vegan', 'List the shops where any item is vegan', 'scope'],
    ['Is a ferry cheaper than a plane?', 'How much cheaper is a ferry than a plane?', 'question_type'],
    ['What does && mean in zsh?', 'What does & mean in zsh?', 'literal'],
    ['Is it legal to vote by post?', 'Is it illegal not to vote by post?', 'polarity'],
    ['Spell "lake"', 'Spell "lakes"', 'quoted_text'],
    ['Who was added to the team?', 'Who was removed from the team?', 'opposite'],
    ['What did Max Weber write?', 'What did Max Webern write?', 'entity'],
    ['Is carbidopa safe in pregnancy?', 'Is carbimazole safe in pregnancy?', 'entity'],
    ['Which dose of doxorubicin is usual?', 'Which dose of daunorubicin is usual?', 'entity'],
    ['Does losartan cause a cough?', 'Does valsartan cause a cough?', 'entity'],
    ['Is ethanol soluble in water?', 'Is methanol soluble in water?', 'entity'],
    ['How is hypertension treated?', 'How is hypotension treated?', 'opposite'],
    ['What does a lessor owe?', 'What does a lessee owe?', 'opposite'],
    ['What are the upsides of night shifts?', 'What are the downsides of night shifts?', 'opposite'],
    ['Is James Reed a pilot?', 'Did James Reed use to be a pilot?', 'opposite'],
    ['Is Ann Novak a pilot?', 'Was Ann Novak ever a pilot?', 'opposite'],
    ['How many rows fit into an xls file?', 'How many rows fit into an xlsx file?', 'class'],
    ['Is Thomas using Isabella?', 'Is Isabella using Thomas?', 'word_order'],
    ['What is the status of transfer WT-44219?', 'What is the status of transfer WT-88301?', 'id'],
    ['Set the expiry to 30 seconds', 'Set the expiry to 30 minutes', 'unit'],
    ['What is 15% of 260?', 'What is 15% of 280?', 'number'],
    ['How do I list tables in postgres?', 'How do I list tables in sqlite?', 'class'],
    ['How do I enable foreign key checks?', 'How do I disable foreign key checks?', 'opposite'],
    ['List files that are tracked by git', "List files that aren't tracked by git", 'polarity'],
    ['when was the Suez Canal built', 'why was the Suez Canal built', 'question_type'],
    ['what does git branch -d x do', 'what does git branch -D x do', 'literal'],
    ['What is Co?', 'What is CO?', 'case'],
    ['Which cheeses can I eat on a diet?', 'Which cheeses should I avoid on a diet?', 'opposite'],
    ['How tired do busy nurses feel?', 'How busy do tired nurses feel?', 'word_order'],
    ['Is a gay father or a straight mother rarer?', 'Is a straight father or a gay mother rarer?', 'word_order'],
    [
      'Which is faster, the i5 of 2019 or the i7 of 2021?',
      'Which is faster, the i5 of 2021 or the i7 of 2019?',
      'word_order',
    ],
    ['List users who are not admins but active', 'List users who are admins but not active', 'polarity'],
    ['Write a speech for school uniforms', 'Write a speech against school uniforms', 'opposite'],
    ['What does 😀 mean?', 'What does 😢 mean?', 'literal'],
    ['What is the credit limit of David Park?', 'What is the credit limit of Diana Park?', 'entity'],
  ];
  for (const [a, b, reason] of cases) {
    assert.equal(refusal(a, b), reason, `${a} / ${b}`);
    assert.equal(refusal(b, a), reason, `${b} / ${a}`);
  }
});

test('the same question in other words, order or form breaks no rule', () => {
  const cases: [string, string][] = [
    ['What is the difference between TCP and UDP?', 'What is the difference between UDP and TCP?'],
    ['How do red apples and green pears differ?', 'How do green pears and red apples differ?'],
    ['Is sales tax or income tax higher?', 'Is income tax or sales tax higher?'],
    ['How does an index speed up a query?', 'How is a query sped up by an index?'],
    ['In Excel, how do I look up a value?', 'how do i look up a value in excel'],
    ['Is Jeremy friends with Alexander?', 'Is Alexander friends with Jeremy?'],
    ['How many seconds are there in 2 hours?', 'How many seconds are there in 120 minutes?'],
    ['How do I resolve merge conflicts in VS Code?', 'how do i reslove merge conflcits in vscode'],
    ['Ruby vs Elixir for a chat server', 'Elixir vs Ruby for a chat server'],
    ['javascript array sort', 'How do I sort an array in JavaScript?'],
    ['What is the captial of Peru?', 'What is the capital of Peru?'],
    ['Can I buy ibuprofin in a supermarket?', 'Can I buy ibuprofen in a supermarket?'],
    ['Who treats an orthopaedic injury?', 'Who treats an orthopedic injury?'],
    ['How do I stop procrastinating?', 'How do I stop procrastination?'],
    ['How do I sort a list in javascript?', 'How do I sort a list in javscritp?'],
    ['How do I register at the libary?', 'How do I register at the library?'],
    ['Why is the sky blue ??', 'Why is the sky blue?'],
    ['Who was the first mayor of Lyon?', 'Who is the first mayor of Lyon?'],
    ['Who was Marie Curie?', 'Who is Marie Curie?'],
    ['What does the World Health Organization do?', 'What does the WHO do?'],
    ['What is the effect of rain on traffic?', 'How does rain affect traffic?'],
    ['What effect does rain have on traffic?', 'How is traffic affected by rain?'],
    ['What are the benefits of tea for the skin?', 'What benefits does tea have for skin?'],
    ['Is the museum open on Thrsday?', 'Is the museum open on Thursday?'],
    ['How much time does a visa take?', 'How long does a visa take?'],
    ['Is it safe to swim in cold lakes?', 'Are cold lakes safe to swim in?'],
    ['What are the health benefits of figs?', 'What are the benefits of figs for health?'],
    ['How much is 3 miles in km?', 'How many km are 3 miles?'],
    ['Which soups contain no lactose?', 'Which soups are lactose-free?'],
    ['Which states border Chad?', 'Which states does Chad border?'],
    ['What do owls eat?', 'What is eaten by owls?'],
    ['Which is the best cheap bike?', 'Which is the cheap best bike?'],
    ['Do students get free evening guitar lessons?', 'Are evening guitar lessons free for students?'],
    ['Can I pay in cash rather than by card?', 'Can I pay in cash instead of by card?'],
    ['What is a chisel used to do?', 'What does one do with a chisel?'],
    ['How do I convert a fraction to a decimal?', 'Could you please tell me how to convert a fraction to a decimal?'],
  ];
  for (const [a, b] of cases) assert.equal(refusal(a, b, 0.9), undefined, `${a} / ${b}`);
});

test('the likeliest candidate is served, whatever its place, and the very same text always', () => {
  const asked = 'How do I reset my password?';
  const candidates = [
    { question: 'How do I change my username?', cosine: 0.8 },
    { question: 'How can I reset my password?', cosine: 0.97 },
  ];
  const verdict = verifier.decide(asked, candidates, { classification });
  assert.ok('accept' in verdict && verdict.accept === 1 && verdict.confidence >= confidenceFor(0.01));
  const same = verifier.decide(asked, [{ question: asked, cosine: 1 }], { classification });
  assert.deepEqual(same, { accept: 0, confidence: 1 });
});

test('between two questions to a desk the cosine counts for less than between any two questions', () => {
  const gain = (thing: string, other: string) => {
    const [a, b] = [`Which ${thing} can have an ${other}?`, `What ${thing} may have an ${other}?`];
    return judge(a, b, 0.96).confidence - judge(a, b, 0.8).confidence;
  };
  assert.ok(gain('accounts', 'overdraft') < gain('planets', 'atmosphere'));
});

test('nothing near is a miss with a reason, and a caller may ask for more confidence', () => {
  assert.deepEqual(verifier.decide('a', [], { classification }), { refuse: 'empty' });
  assert.deepEqual(
    verifier.decide('What is a cat?', [{ question: 'How do I bake bread?', cosine: 0.1 }], { classification }),
    {
      refuse: 'below_threshold',
    },
  );
  const near = [{ question: 'How can I reset my password?', cosine: 0.97 }];
  const verdict = verifier.decide('How do I reset my password?', near, { classification, minimumConfidence: 0.99999 });
  assert.equal('refuse' in verdict && verdict.refuse, 'below_confidence');
});

test('a smaller budget never asks for less confidence', () => {
  const budgets = [0, 0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.5];
  const asked = budgets.map(confidenceFor);
  assert.deepEqual(
    asked,
    [...asked].sort((a, b) => b - a),
  );
  assert.equal(asked[0], 1);
});

test('trees add the leaf that a row falls into', () => {
  const model = { features: ['x', 'y'], bias: 0.5, trees: [[0, 1, 4, 8, -1, 2, 0, 0, -1, -3, 0, 0]] };
  assert.equal(evaluateTrees(model, [1, 0]), 2.5);
  assert.equal(evaluateTrees(model, [1.5, 0]), -2.5);
});

test('of two stored questions that are as near, as likely and contradict each other, neither is served', () => {
  const lax = createVerifier({ maxWrongHitRate: 0.5 });
  const asked = 'How do trains run between Paris and Rome?';
  const one = { question: 'How do trains run from Paris to Rome?', cosine: 0.99 };
  const other = { question: 'How do trains run from Rome to Paris?', cosine: 0.99 };
  assert.ok('accept' in lax.decide(asked, [one], { classification }));
  assert.ok('accept' in lax.decide(asked, [other], { classification }));
  const verdict = lax.decide(asked, [one, other], { classification });
  assert.equal('refuse' in verdict && verdict.refuse, 'ambiguous');
});
