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
export { openState, type Script, type State, type StateOptions } from './state.ts';
