import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedForm } from './embedded-form.ts';

test('courtesy, spacing, outer marks and pictographs leave no trace in what is embedded', () => {
  const plain = embeddedForm('How do I reset my password?');
  for (const same of [
    'How do I reset my password',
    '  How do I   reset my password?! ',
    'Hi, could you please tell me: How do I reset my password? Thanks a lot!',
    'How do I reset my password 🤗?',
  ])
    assert.equal(embeddedForm(same), plain, same);
  assert.equal(plain, 'How do I reset my password?');
});

test('signs that mean something stay, and a text of nothing else is embedded as it is', () => {
  assert.equal(embeddedForm('$5 in €?'), '$5 in €?');
  assert.equal(embeddedForm('What does [] mean in Python'), 'What does [] mean in Python?');
  for (const text of ['???', 'hello', '🤗', '']) assert.equal(embeddedForm(text), text);
});

test('rows of courtesies that could be read in many ways, and runs of marks, are read in one pass', () => {
  // Each more would double the work of a pattern that backtracks: this would not end.
  assert.equal(embeddedForm(`${'could you please '.repeat(60)}go away`), 'go away?');
  assert.equal(embeddedForm(`go away${' thanks a lot'.repeat(60)}${'.'.repeat(400)}`), 'go away?');
});
