/**
 * Reads what a JetStream stream keeps without taking it. Each round makes a consumer of its own that begins where the last one ended, so that
 * a server that was away, and has forgotten every consumer, costs who follows a pause and no message.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { RefrainError } from '@refrain/errors';
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  type NatsConnection,
  NatsError,
} from 'nats';
import type { ReplayOptions, StoredMessage, StreamDefinition } from './bus.ts';
import { busDown } from './mux.ts';

/** JetStream's error code. */
const noStream = 10059;
/** What a server without JetStream answers. */
const noJetStream = '503';

const batch = 100;
/** How long one request for messages waits at the server; each is handed over as it comes. */
const waitMs = 5000;
/** Who follows asks again after this where the stream is not there or NATS is away. */
const againMs = 500;
/** The server forgets a consumer whose reader is gone after this. */
const forgottenMs = 60_000;

type Place = Pick<ConsumerConfig, 'deliver_policy'> & Partial<ConsumerConfig>;

/** Begins with the first message of `sinceMs` or later. @throws RefrainError `unavailable`; who follows, only where JetStream was never reached */
export async function* replay(
  open: () => NatsConnection,
  { name }: StreamDefinition,
  { sinceMs, follow }: ReplayOptions,
): AsyncGenerator<StoredMessage> {
  let place: Place = { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(sinceMs).toISOString() };
  let made: string | undefined;
  let wasReached = false;
  do {
    try {
      const connection = open();
      const manager = await connection.jetstreamManager();
      const created = await whenMade(manager, name);
      // A server that lost its data: its stream counts from 1 again, and all in it is new.
      if (wasReached && created !== made) place = { deliver_policy: DeliverPolicy.All };
      wasReached = true;
      made = created;
      if (created !== undefined) {
        const round = await openRound(connection, manager, name, place);
        for await (const message of read(round, follow)) {
          place = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: message.seq + 1 };
          yield { data: message.data, header: (header) => message.headers?.get(header) || undefined };
        }
      }
    } catch (error) {
      const fault = toUnavailable(error);
      // All else is a bug, which asking again does not mend.
      const isAway = fault instanceof RefrainError && fault.code === 'unavailable';
      if (!follow || !wasReached || !isAway) throw fault;
    }
    // Only its being aborted ends the pause early, which is asked next.
    if (follow) await delay(againMs, undefined, { signal: follow }).catch(() => undefined);
  } while (follow && !follow.aborted);
}

interface Round {
  readonly consumer: Consumer;
  /** How many messages there were when it began. */
  readonly pending: number;
  close(): Promise<void>;
}

/** When a stream was made, undefined where there is none. */
async function whenMade(manager: JetStreamManager, stream: string): Promise<string | undefined> {
  try {
    return (await manager.streams.info(stream)).created;
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === noStream) return undefined;
    throw error;
  }
}

async function openRound(
  connection: NatsConnection,
  manager: JetStreamManager,
  stream: string,
  place: Place,
): Promise<Round> {
  const { name, num_pending: pending } = await manager.consumers.add(stream, {
    ...place,
    ack_policy: AckPolicy.None,
    inactive_threshold: forgottenMs * 1e6,
    mem_storage: true,
  });
  const consumer = await connection.jetstream().consumers.get(stream, name);
  // One that cannot be taken away is forgotten by the server itself.
  const close = async () => void (await manager.consumers.delete(stream, name).catch(() => undefined));
  return { consumer, pending, close };
}

/** Without `follow` what is there; with it also what comes. */
async function* read(round: Round, follow: AbortSignal | undefined): AsyncGenerator<JsMsg> {
  let { pending } = round;
  try {
    while (follow ? !follow.aborted : pending > 0) {
      const before = pending;
      for await (const message of fetch(round.consumer, follow ? batch : Math.min(batch, pending), follow)) {
        pending = message.info.pending;
        yield message;
      }
      // None came: age or size has taken them away meanwhile.
      if (!follow && pending === before) return;
    }
  } finally {
    await round.close();
  }
}

async function* fetch(consumer: Consumer, count: number, stopping: AbortSignal | undefined): AsyncGenerator<JsMsg> {
  const fetching = await consumer.fetch({ max_messages: count, expires: waitMs });
  const stop = () => fetching.stop();
  stopping?.addEventListener('abort', stop, { once: true });
  try {
    yield* fetching;
  } finally {
    stopping?.removeEventListener('abort', stop);
    stop();
  }
}

function toUnavailable(error: unknown): unknown {
  if (!(error instanceof NatsError)) return error;
  if (error.code !== noJetStream) return busDown(error);
  return new RefrainError('unavailable', 'NATS keeps no streams.', { reason: 'NO_JETSTREAM', cause: error });
}
