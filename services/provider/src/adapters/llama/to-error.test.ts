import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toOllamaError, toOllamaLineError } from './to-error.ts';

const classify = (status: number, error: string) =>
  toOllamaError({ status, body: JSON.stringify({ error }), headers: { get: () => undefined } }, 0);

test('there are no codes: Ollama’s words decide, then the status', () => {
  const meanings: [number, string, string][] = [
    [404, "model 'x' not found", 'MODEL_MISSING'],
    [400, 'model "x" not found, try pulling it first', 'MODEL_MISSING'],
    [503, 'server busy, please try again.  maximum pending requests exceeded', 'UPSTREAM_OVERLOADED'],
    [400, 'registry.ollama.ai/library/x does not support tools', 'UPSTREAM_REJECTED'],
    [400, 'the input length exceeds the context length', 'CONTEXT_TOO_LONG'],
    [500, 'llama runner process has terminated: exit status 2', 'UPSTREAM_FAILED'],
    [400, 'invalid options', 'UPSTREAM_REJECTED'],
    [429, 'too many requests', 'RATE_LIMITED'],
  ];
  for (const [status, words, reason] of meanings) assert.equal(classify(status, words).reason, reason, words);
});

test('a line of a stream with an error is a failure of the server', () => {
  assert.equal(toOllamaLineError('an error was encountered').reason, 'UPSTREAM_FAILED');
});
