/**
 * Values by subject on a JetStream stream that keeps the last message of each: what must survive a restart together with a work queue,
 * and what two may want to change at once. Every change names what it was made from, so that of two one is told.
 */
import { RefrainError, toRefrainError } from '@refrain/errors';
import { type JetStreamManager, type NatsConnection, NatsError } from 'nats';
import type { Kept, KeptValue, StreamDefinition } from './bus.ts';
import { ackTimeoutMs, ensureStream } from './jetstream.ts';
import { busDown } from './mux.ts';

/** JetStream's error codes. */
const wrongLastSequence = 10071;
const noMessage = 10037;
const noStream = 10059;
/** What a publisher hears where no stream takes its subject. */
const noResponders = 503;

/** Opens it; the stream is made, where it is missing, with the first use. */
export function openKept(open: () => NatsConnection, definition: StreamDefinition): Kept {
  let made = false;
  const connect = async (): Promise<NatsConnection> => {
    const connection = open();
    if (!made) await ensureStream(connection, definition);
    made = true;
    return connection;
  };
  const fail = (error: unknown): never => {
    // A server that lost its data: the next use makes the stream anew.
    const code = codeOf(error);
    if (code === noStream || code === noResponders) made = false;
    refuse(error);
  };
  const asked = <T>(use: (connection: NatsConnection) => Promise<T>): Promise<T> => connect().then(use).catch(fail);
  const stream = definition.name;
  return {
    get: (subject) => asked(async (connection) => readLast(await connection.jetstreamManager(), stream, subject)),
    put: (subject, data, revision) =>
      asked(async (connection) => {
        const expect = { lastSubjectSequence: revision };
        try {
          const ack = await connection.jetstream().publish(subject, data, { expect, timeout: ackTimeoutMs });
          return ack.seq;
        } catch (error) {
          if (codeOf(error) === wrongLastSequence) return undefined;
          throw error;
        }
      }),
    remove: (subject) =>
      asked(async (connection) => {
        const manager = await connection.jetstreamManager();
        await manager.streams.purge(stream, { filter: subject });
      }),
    list: async function* (filter) {
      try {
        yield* readAll(await (await connect()).jetstreamManager(), stream, filter);
      } catch (error) {
        fail(error);
      }
    },
  };
}

/** At once, so that a long list neither waits for each nor floods the server. */
const readAtOnce = 50;

/** What was there when the reading began, but for what has gone since. */
async function* readAll(manager: JetStreamManager, stream: string, filter: string): AsyncGenerator<KeptValue> {
  const { state } = await manager.streams.info(stream, { subjects_filter: filter });
  const subjects = Object.keys(state.subjects ?? {});
  for (let i = 0; i < subjects.length; i += readAtOnce) {
    const reading = subjects.slice(i, i + readAtOnce).map((subject) => readLast(manager, stream, subject));
    for (const value of await Promise.all(reading)) if (value) yield value;
  }
}

async function readLast(manager: JetStreamManager, stream: string, subject: string): Promise<KeptValue | undefined> {
  try {
    const message = await manager.streams.getMessage(stream, { last_by_subj: subject });
    return { data: message.data, revision: message.seq };
  } catch (error) {
    if (codeOf(error) === noMessage) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof NatsError)) return undefined;
  return error.api_error?.err_code ?? Number(error.code);
}

/** @throws RefrainError always: `unavailable` where JetStream cannot be reached or refuses */
function refuse(error: unknown): never {
  if (error instanceof NatsError) throw busDown(error);
  if (error instanceof RefrainError) throw error;
  throw toRefrainError(error);
}
