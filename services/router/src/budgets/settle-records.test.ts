import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import type { BatchHandler } from '@refrain/bus';
import { UsageRecordSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { settingsOf } from '../../test/question.ts';
import { type SettleRecordsParts, settleRecords } from './settle-records.ts';

const record = (attemptId: string) =>
  toBinary(
    UsageRecordSchema,
    create(UsageRecordSchema, { attemptId, tenant: 'acme', user: 'ann', provider: 'one', model: 'gone', usage: {} }),
  );

/** What the reader does with a batch, and what came of it. */
function reader(settledAll: SettleRecordsParts['budgets']['settledAll']) {
  const failures: string[] = [];
  let handle: BatchHandler = async () => 'done';
  settleRecords({
    bus: {
      takeBatches: (_stream, _options, given) => {
        handle = given;
        return { drain: async () => undefined };
      },
    },
    budgets: { settledAll },
    settings: () => settingsOf(),
    metrics: { failed: (call, reason) => failures.push(`${call} ${reason}`) },
  });
  return { failures, handle };
}

test('what is no record is counted, and the others of its batch are settled', async () => {
  const settled: string[] = [];
  const { failures, handle } = reader(async (_tenant, settlements) => {
    settled.push(...settlements.map(({ attemptId }) => attemptId));
  });
  const batch = [record('a'), Buffer.from('not a record'), record('b')];
  assert.equal(await handle(batch), 'done');
  assert.deepEqual([settled, failures], [['a', 'b'], ['settle MALFORMED']]);
});

test('while Redis is away the batch comes again', async () => {
  const { handle } = reader(async () => {
    throw new RefrainError('unavailable', 'No.', { reason: 'REDIS_DOWN' });
  });
  assert.deepEqual(await handle([record('a')]), { retryMs: 2000 });
});
