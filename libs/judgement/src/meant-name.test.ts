import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meantHint, meantNames } from './meant-name.ts';

const names = ['core', 'openai/gpt-4.1', 'openai/gpt-4.1-mini', 'openrouter/openai/gpt-4.1', 'gemini/gemini-2.5-flash'];

test('a model without its provider is found at each that has it', () => {
  assert.deepEqual(meantNames('gpt-4.1', names), ['openai/gpt-4.1', 'openrouter/openai/gpt-4.1']);
  assert.deepEqual(meantNames('azure/GPT-4.1', names), ['openai/gpt-4.1', 'openrouter/openai/gpt-4.1']);
});

test('a slip of the fingers is forgiven, with or without the provider', () => {
  assert.deepEqual(meantNames('gemini-2.5-flesh', names), ['gemini/gemini-2.5-flash']);
  assert.deepEqual(meantNames('opneai/gpt-4.1-mini', names), ['openai/gpt-4.1-mini']);
  assert.deepEqual(meantNames('gpt-4.1-mni', names), ['openai/gpt-4.1-mini']);
  assert.deepEqual(meantNames('coer', names), ['core']);
});

test('what resembles nothing gets no guess, whatever its length', () => {
  for (const name of ['claude-opus-9', '', 'x', '/', 'y'.repeat(100_000)])
    assert.deepEqual(meantNames(name, names), []);
  assert.equal(meantHint('claude-opus-9', names), '');
});

test('the hint is a question', () => {
  assert.equal(meantHint('gpt-4.1-mni', names), 'Did you mean openai/gpt-4.1-mini? ');
  assert.match(meantHint('gpt-4.1', names), /^Did you mean openai\/gpt-4.1 or openrouter\/openai\/gpt-4.1\? $/);
});
