/** What a face hands to the pipeline, and what the pipeline makes of it. */
import type { CacheMode, Chat, Classification, Lane, Options } from '@refrain/contracts';
import type { Cacheability } from '@refrain/judgement';
import type { Deadline } from '@refrain/resilience';
import type { Caller, Credentials } from './caller.ts';
import type { Settings } from './settings.ts';

/** Which door a request came through. */
export type FaceName = 'grpc' | 'http' | 'nats';

/** One question as it came in, translated but not judged. */
export interface Ask {
  /** Ours, where the face has told it already. */
  readonly requestId?: string | undefined;
  readonly chat: Chat | undefined;
  readonly options: Options | undefined;
  readonly credentials: Credentials;
  /** Who asks, where the face has let it in already: before it read the question. */
  readonly admitted?: Caller | undefined;
  /** Aborted when the caller leaves. Read only when somebody has to be asked: most hits never look at it. */
  readonly signal: AbortSignal;
  /** What the caller gives it, in milliseconds; the mesh's own limit where it is shorter or absent. */
  readonly remainingMs?: number | undefined;
  readonly face: FaceName;
}

/** A question that was judged: everything the later steps decide by. */
export interface Question {
  /** Ours, a UUIDv7. */
  readonly requestId: string;
  readonly ask: Ask;
  readonly caller: Caller;
  readonly chat: Chat;
  /** Made when it is first asked for. */
  readonly classification: Classification;
  readonly able: Cacheability;
  /** How its caller lets the cache be used. */
  readonly cacheMode: CacheMode;
  /** What the exact level and flights know it by; made when it is first asked for. */
  readonly exactKey: string;
  /** The lowest rank a cached answer's model may have. */
  readonly minimumRank: number;
  readonly lane: Lane;
  readonly deadline: Deadline;
  /** By `performance.now()`. */
  readonly beganAtMs: number;
  /** In force when the question came; a reload does not change it under way. */
  readonly settings: Settings;
  /** Nobody waits for it: an answer whose time is over is asked afresh. */
  readonly isRevalidation?: boolean;
}
