/**
 * Redis with hard deadlines: a command answers, or fails within `timeoutMs`; after a few failures the breaker makes the next ones
 * fail at once until the server is back. Nothing here waits for a server that is down.
 */
import { RefrainError } from '@refrain/errors';
import { Breaker, withTimeout } from '@refrain/resilience';
import type { Logger } from '@refrain/service';
import { Redis } from 'ioredis';
import { LastRefusal, toRefusal } from './refusal.ts';

/** Where Redis is and how long a command may take. */
export interface StateOptions {
  readonly url: string;
  /** Names the connection in Redis' client list. */
  readonly name: string;
  readonly log: Logger;
  readonly timeoutMs?: number;
}

type Argument = string | number | Uint8Array;

/** A Lua script; it touches only its KEYS. */
export interface Script {
  readonly name: string;
  /** How many of what it is given are KEYS; where it has no fixed number, all keys of a call are. */
  readonly keys?: number;
  readonly lua: string;
}

/**
 * A connection to Redis. Every method throws RefrainError `unavailable` when Redis does not answer in time (REDIS_DOWN, and at once
 * BREAKER_OPEN after a few of these) or refuses (REDIS_REFUSED).
 */
export interface State {
  /** Whether the connection is up now. */
  readonly ready: boolean;
  /** Why the server, though it is there, has refused what it was told within the last minute (a full disk); empty where it has not. */
  readonly refuses: string;
  get(key: string): Promise<Buffer | null>;
  getMany(keys: readonly string[]): Promise<(Buffer | null)[]>;
  set(key: string, bytes: Uint8Array, options: { ttlMs: number }): Promise<void>;
  /** Gives how many were there. */
  remove(keys: readonly string[]): Promise<number>;
  /** Several commands in one round trip; the first one that fails throws. */
  pipeline(commands: readonly (readonly [string, ...Argument[]])[]): Promise<unknown[]>;
  command(name: string, ...args: Argument[]): Promise<unknown>;
  /** Gives the function that runs a script by its hash, loading it where the server has forgotten it. */
  script(definition: Script): (keys: readonly string[], args: readonly Argument[]) => Promise<unknown>;
  /** Keys that match a glob, in batches; safe on a large server. */
  scan(match: string): AsyncIterable<string[]>;
  close(): void;
}

/** Opens the connection in the background; it never throws, and reconnects for ever. */
export function openState(options: StateOptions): State {
  const timeoutMs = options.timeoutMs ?? 150;
  const redis = new Redis(options.url, {
    connectionName: options.name,
    connectTimeout: 300,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(50 * attempt, 500),
  });
  const breaker = new Breaker({ failures: 3, cooldownMs: 200, name: 'Redis' });
  const refusal = new LastRefusal();
  const refused = (cause: unknown): RefrainError => {
    const why = toRefusal(cause);
    if (why === undefined) return failure('Redis refused.', 'REDIS_REFUSED', cause);
    if (refusal.note(why)) options.log.warn({ reason: why }, 'redis refuses');
    return failure(`Redis refuses: ${why}`, 'REDIS_REFUSED', cause);
  };
  let said = '';
  redis.on('error', (error: Error) => {
    // Every retry fails alike; one line for each kind of trouble is enough.
    if (said !== error.message)
      options.log.warn({ reason: error.message.replace(options.url, 'redis') }, 'redis is not reachable');
    said = error.message;
  });
  redis.on('ready', () => {
    if (said !== '') options.log.info({}, 'redis is back');
    said = '';
  });

  let gathering: Redis['stream'] | undefined;
  /** What is asked within one turn leaves as one write. ioredis' own pipelining does so too, for twice the processor time of a command. */
  const gather = () => {
    const { stream } = redis;
    if (!stream || stream === gathering) return;
    gathering = stream;
    stream.cork();
    setImmediate(() => {
      gathering = undefined;
      stream.uncork();
    });
  };
  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    const outcome = await breaker.run(async (): Promise<{ value: T } | { refused: RefrainError }> => {
      try {
        gather();
        return { value: await withTimeout(call(), timeoutMs, 'Redis') };
      } catch (cause) {
        // A server that says no (out of memory, read-only, still loading) is there: its reads go on.
        if (isReply(cause)) return { refused: refused(cause) };
        throw failure('Redis did not answer.', 'REDIS_DOWN', cause);
      }
    });
    if ('refused' in outcome) throw outcome.refused;
    return outcome.value;
  };

  return {
    get ready() {
      return redis.status === 'ready' && breaker.state !== 'open';
    },
    get refuses() {
      return refusal.why;
    },
    get: (key) => guarded(() => redis.getBuffer(key)),
    getMany: (keys) => (keys.length === 0 ? Promise.resolve([]) : guarded(() => redis.mgetBuffer([...keys]))),
    set: async (key, bytes, { ttlMs }) => {
      await guarded(() => redis.set(key, toBuffer(bytes), 'PX', Math.max(1, Math.round(ttlMs))));
    },
    remove: (keys) => (keys.length === 0 ? Promise.resolve(0) : guarded(() => redis.unlink(...keys))),
    pipeline: (commands) => guarded(() => runPipeline(redis, commands)),
    command: (name, ...args) => guarded(() => redis.call(name, ...args.map(toArgument))),
    script: ({ name, keys: numberOfKeys, lua }) => {
      redis.defineCommand(name, numberOfKeys === undefined ? { lua } : { numberOfKeys, lua });
      const run = (redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
      return (keys, args) =>
        guarded(() => {
          const counted = numberOfKeys === undefined ? [keys.length, ...keys] : keys;
          return run?.apply(redis, [...counted, ...args.map(toArgument)]) ?? Promise.reject(new Error(name));
        });
    },
    scan: async function* (match) {
      let cursor = '0';
      do {
        const [next, keys] = await guarded(() => redis.scan(cursor, 'MATCH', match, 'COUNT', 500));
        if (keys.length > 0) yield keys;
        cursor = next;
      } while (cursor !== '0');
    },
    close: () => redis.disconnect(),
  };
}

function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

function failure(message: string, reason: string, cause: unknown): RefrainError {
  return new RefrainError('unavailable', message, { cause, reason });
}

async function runPipeline(redis: Redis, commands: readonly (readonly [string, ...Argument[]])[]): Promise<unknown[]> {
  const pipeline = redis.pipeline();
  for (const [name, ...args] of commands) pipeline.call(name, ...args.map(toArgument));
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

function toArgument(value: Argument): string | number | Buffer {
  return value instanceof Uint8Array ? toBuffer(value) : value;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
