export {
  formatKeyRecord,
  type KeyRecord,
  keyPoolNames,
  keyRecordFields,
  orderKey,
  parseKeyRecord,
  readKeyRecords,
} from './key-records.ts';
export { redisUrl } from './redis-url.ts';
export { openState, type Script, type State, type StateOptions } from './state.ts';
