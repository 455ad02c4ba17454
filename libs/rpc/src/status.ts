/** RefrainError <-> gRPC status with google.rpc details (AIP-193). */
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack, DurationSchema } from '@bufbuild/protobuf/wkt';
import { Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import {
  BadRequestSchema,
  type Cost,
  CostSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
  type Status,
  StatusSchema,
  type Usage,
  UsageSchema,
} from '@refrain/contracts';
import { type ErrorCode, errorCodes, isErrorCode, RefrainError, type Spent, toRefrainError } from '@refrain/errors';

const detailsKey = 'grpc-status-details-bin';
const domain = 'refrain';
/** Status and details travel as HTTP/2 headers, of which many clients take 8 KiB in all. */
const maximumFields = 20;
const maximumMessageCharacters = 500;

/** What a caller gets for whatever was thrown. */
export function toStatus(thrown: unknown): Partial<StatusObject> {
  const error = toRefrainError(thrown);
  const metadata = new Metadata();
  const status = toRichStatus(error);
  metadata.set(detailsKey, Buffer.from(toBinary(StatusSchema, status)));
  // Well-formed: grpc-js percent-encodes it, and throws out of reach for half a surrogate pair.
  return { code: status.code, details: status.message, metadata };
}

/** The same as google.rpc.Status, for callers that do not come by gRPC: at most 20 fields, long texts cut. */
export function toRichStatus(error: RefrainError): Status {
  const message = cut(error.message, maximumMessageCharacters);
  const details = [
    anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: error.reason, domain, metadata: { code: error.code } })),
  ];
  if (error.fields.length > 0) {
    const fieldViolations = error.fields
      .slice(0, maximumFields)
      .map(({ field, description }) => ({ field: cut(field, 100), description: cut(description, 100) }));
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (error.code === 'rate_limited' || error.code === 'budget') {
    const violations = [{ subject: 'caller', description: message }];
    details.push(anyPack(QuotaFailureSchema, create(QuotaFailureSchema, { violations })));
  }
  if (error.retryAfterMs !== undefined) {
    const seconds = Math.floor(error.retryAfterMs / 1000);
    const nanos = Math.round((error.retryAfterMs - seconds * 1000) * 1e6);
    const retryDelay = create(DurationSchema, { seconds: BigInt(seconds), nanos });
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  if (error.spent) details.push(...fromSpent(error.spent));
  return create(StatusSchema, { code: errorCodes[error.code].grpc, message, details });
}

function fromSpent({ promptTokens, completionTokens, estimated, nanoUsd, priceMissing }: Spent) {
  const usage = create(UsageSchema, { promptTokens, completionTokens, estimated });
  return [anyPack(UsageSchema, usage), anyPack(CostSchema, create(CostSchema, { nanoUsd, priceMissing }))];
}

/** Cut within a character, half of it is replaced. */
function cut(text: string, length: number): string {
  return (text.length > length ? `${text.slice(0, length)}…` : text).toWellFormed();
}

const codeOfStatus: Record<number, ErrorCode> = {
  1: 'canceled',
  3: 'invalid',
  4: 'deadline',
  5: 'not_found',
  7: 'denied',
  8: 'rate_limited',
  9: 'content_filter',
  10: 'midstream',
  14: 'unavailable',
  16: 'unauthenticated',
};

/** What grpc-js says of a connection names our own addresses, and may come to a caller's eyes: that is for the log, as the cause. */
const ofConnection: Partial<Record<ErrorCode, string>> = {
  unavailable: 'A part of the mesh does not answer.',
  deadline: 'A part of the mesh did not answer in time.',
};

/** What a failed call throws at our side: the same error the server threw where it was one of ours. */
export function fromServiceError(error: ServiceError): RefrainError {
  const [bytes] = error.metadata?.get(detailsKey) ?? [];
  const details = bytes instanceof Buffer ? fromBinary(StatusSchema, bytes).details : [];
  const find = <S extends DescMessage>(schema: S): MessageShape<S> | undefined => {
    for (const detail of details) {
      const found = anyUnpack(detail, schema);
      if (found) return found;
    }
    return undefined;
  };
  const info = find(ErrorInfoSchema);
  const own = info?.domain === domain ? info : undefined;
  const ownCode = own?.metadata.code ?? '';
  const retry = find(RetryInfoSchema)?.retryDelay;
  const bad = find(BadRequestSchema);
  const code: ErrorCode = isErrorCode(ownCode) ? ownCode : (codeOfStatus[error.code] ?? 'internal');
  const message = (own ? undefined : ofConnection[code]) ?? (error.details || error.message);
  return new RefrainError(code, message, {
    cause: error,
    spent: toSpent(find(UsageSchema), find(CostSchema)),
    ...(own ? { reason: own.reason } : isUnconnected(error.details) && { reason: 'NOT_CONNECTED' }),
    ...(retry && { retryAfterMs: Number(retry.seconds) * 1000 + retry.nanos / 1e6 }),
    ...(bad && { fields: bad.fieldViolations.map(({ field, description }) => ({ field, description })) }),
  });
}

/** The call never left: nobody has seen it. One that was cut off may have been worked on. */
function isUnconnected(details: string): boolean {
  return details.startsWith('No connection established') || details.startsWith('Name resolution failed');
}

function toSpent(usage: Usage | undefined, cost: Cost | undefined): Spent | undefined {
  if (!usage || !cost) return undefined;
  const { promptTokens, completionTokens, estimated } = usage;
  const { nanoUsd, priceMissing } = cost;
  return { promptTokens, completionTokens, estimated, nanoUsd, priceMissing };
}
