import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatKeyRecord, keyPoolNames, keyRecordFields, parseKeyRecord } from './key-records.ts';

test('a record is read as it was written, field by field in the order that the scripts go by', () => {
  const json = JSON.stringify(keyRecordFields.map((field, i) => (field === 'slotRequests' ? [1, 2] : i)));
  const record = parseKeyRecord(json);
  assert.deepEqual([record.disabledAt, record.slotRequests], [1, [1, 2]]);
  assert.equal(formatKeyRecord(record), json);
});

test('what is no record is refused, not read as one', () => {
  for (const json of ['[]', '{}', 'null', '[1,2,3]']) assert.throws(() => parseKeyRecord(json), TypeError, json);
});

test('the hashes of a provider lie in one slot of a cluster', () => {
  const { records, leases, modelOf } = keyPoolNames('openai');
  for (const name of [records, leases, modelOf('gpt-{x}')]) assert.match(name, /^[^{]*\{openai\}/);
});
