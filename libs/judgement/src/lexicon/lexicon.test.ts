import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lemmaOf } from './lexicon.ts';

const assertForms = (base: string, forms: string) => {
  for (const form of forms.split(' ')) assert.equal(lemmaOf(form), base, form);
};

test('forms of a word have one base', () => {
  assertForms('need', 'need needs needed needing');
  assertForms('bring', 'bring brings bringing brought');
  assertForms('change', 'change changes changed changing');
  assertForms('suit', 'suits suited suiting');
  assertForms('suite', 'suite suites');
  assertForms('use', 'use uses used using');
  assertForms('plan', 'plan plans planned planning');
  assertForms('plane', 'plane planes');
  assertForms('rate', 'rate rates rated rating');
  assertForms('breathe', 'breathes breathed breathing');
  assertForms('verify', 'verify verifies verified verifying');
  assertForms('agree', 'agree agrees agreed agreeing');
  assertForms('menu', 'menu menus');
  assertForms('taxi', 'taxi taxis');
  assertForms('bus', 'bus buses');
  assertForms('bit', 'bit bits');
});

test('a word that only ends like a form is its own base', () => {
  for (const word of 'thing feed seed weed deed swing spring king red news economics status basis glass'.split(' '))
    assert.equal(lemmaOf(word), word);
});
