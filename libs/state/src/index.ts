export {
  formatKeyRecord,
  type KeyRecord,
  type KeyRest,
  keyPoolNames,
  keyRecordFields,
  orderKey,
  parseKeyRecord,
  readKeyProviders,
  readKeyRecords,
  readKeyRests,
} from './key-records.ts';
export { redisUrl } from './redis-url.ts';
export { answersSharedMs, revokedKey, revokedMs } from './revoked-answers.ts';
export { sayOnce } from './say-once.ts';
export {
  readSpend,
  type SpendKind,
  type SpendRecord,
  spendField,
  spendKeptMs,
  spendKey,
  utcDay,
} from './spend-records.ts';
export { openState, type Script, type State, type StateOptions } from './state.ts';
