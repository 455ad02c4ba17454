export { decodeEvent, type EncodedEvent, type EventEncoding, encodeEvent } from './event-encoding.ts';
export * from './gen/google/rpc/error_details_pb.ts';
export * from './gen/google/rpc/status_pb.ts';
export * from './gen/refrain/cache/v1/cache_pb.ts';
export * from './gen/refrain/cache/v1/entry_pb.ts';
export * from './gen/refrain/common/v1/answer_pb.ts';
export * from './gen/refrain/common/v1/chat_pb.ts';
export * from './gen/refrain/common/v1/verdict_pb.ts';
export * from './gen/refrain/jobs/v1/alert_pb.ts';
export * from './gen/refrain/jobs/v1/jobs_pb.ts';
export * from './gen/refrain/jobs/v1/queue_pb.ts';
export * from './gen/refrain/jobs/v1/usage_pb.ts';
export * from './gen/refrain/jobs/v1/work_pb.ts';
export * from './gen/refrain/router/v1/event_pb.ts';
export * from './gen/refrain/router/v1/review_pb.ts';
export * from './gen/refrain/router/v1/router_pb.ts';
export { alertsStream, deadStream, jobsStateStream, jobsStream, reviewStream, usageStream } from './streams.ts';
export {
  completeSubject,
  controlSubject,
  deadJobSubject,
  eventSubject,
  isSubjectToken,
  jobKeySubject,
  jobStateSubject,
  jobsSubject,
  type Lane,
  lanes,
  meshTenant,
  reviewSubject,
  usageSubject,
  workSubject,
} from './subjects.ts';
