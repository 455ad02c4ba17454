import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseUnknownHeaders } from './known-headers.ts';

const refusalOf = (name: string) => {
  try {
    refuseUnknownHeaders({ host: 'here', [name]: 'on' });
  } catch (error) {
    return error as { code: string; reason: string; message: string; fields: { field: string }[] };
  }
  return undefined;
};

test('a header of ours that nobody reads is refused by its name, with the one that was meant', () => {
  for (const [typed, meant] of [
    ['x-refrain-fallbck', 'x-refrain-fallback'],
    ['x-refrain-cache-tag', 'x-refrain-cache-tags'],
    ['x-refrain-timeout', undefined],
    ['x-refrain-timeoutms', 'x-refrain-timeout-ms'],
    ['x-refrain-minimum-confidance', 'x-refrain-minimum-confidence'],
    ['x-refrain-cahce', 'x-refrain-cache'],
  ] as const) {
    const refusal = refusalOf(typed);
    assert.deepEqual(
      [refusal?.code, refusal?.reason, refusal?.fields[0]?.field],
      ['unsupported', 'UNSUPPORTED_HEADER', typed],
    );
    assert.match(refusal?.message ?? '', new RegExp(meant ? `Did you mean ${meant}\\?` : 'There is x-refrain-cache, '));
  }
});

test('what only answers have is no knob: a request that says it is refused', () => {
  for (const name of ['x-refrain-model', 'x-refrain-provider', 'x-refrain-source']) assert.ok(refusalOf(name), name);
});

test('all that is documented, what the mesh says to itself, and headers of others pass', () => {
  for (const name of [
    ...['x-refrain-cache', 'x-refrain-cache-ttl', 'x-refrain-cache-tags', 'x-refrain-minimum-confidence'],
    ...[
      'x-refrain-fallback',
      'x-refrain-timeout-ms',
      'x-refrain-request-id',
      'x-refrain-tenant',
      'x-refrain-mesh-secret',
    ],
    ...['x-openrouter-cache', 'x-stainless-retry-count', 'authorization', 'x-refrained'],
  ])
    assert.equal(refusalOf(name), undefined, name);
});

test('an endless name is told short', () => {
  assert.ok((refusalOf(`x-refrain-${'y'.repeat(5000)}`)?.message.length ?? 0) < 400);
});
