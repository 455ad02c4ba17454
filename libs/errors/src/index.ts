export { type ErrorCode, errorCodes, isErrorCode, type JobVerdict } from './codes.ts';
export {
  type FieldViolation,
  RefrainError,
  type RefrainErrorOptions,
  type Spent,
  toRefrainError,
} from './refrain-error.ts';
