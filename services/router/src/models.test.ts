import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOf } from '../test/question.ts';
import { listModels } from './models.ts';

test('a request may ask for auto, a profile, an alias or any model of a provider', () => {
  assert.deepEqual(listModels(settingsOf('profiles: { debug: { system: Find faults., try: [one/large] } }\n').mesh), [
    { id: 'auto', provider: 'refrain' },
    { id: 'debug', provider: 'refrain' },
    { id: 'best', provider: 'refrain' },
    { id: 'one/large', provider: 'one' },
    { id: 'two/large', provider: 'two' },
    { id: 'unpriced/m', provider: 'unpriced' },
    { id: 'local/small', provider: 'local' },
  ]);
});
