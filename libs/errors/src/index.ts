export { type ErrorCode, errorCodes, isErrorCode, type JobVerdict } from './codes.ts';
export { type FieldViolation, RefrainError, type RefrainErrorOptions, toRefrainError } from './refrain-error.ts';
