/** Reads a JetStream stream for as long as it is let: as soon as the connection is there, and again after each loss of it. */
import { setTimeout as delay } from 'node:timers/promises';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { AckPolicy, type Consumer, type ConsumerConfig, type NatsConnection } from 'nats';
import type { Reading, StreamDefinition } from './bus.ts';
import { ensureStream } from './jetstream.ts';

/** JetStream is asked again after this where it could not be reached. */
const retryMs = 2000;
/** And after this where the connection is not there: the bus says so itself, and nobody is asked. */
const lookMs = 200;

/** Who reads what. */
export interface Reader {
  readonly definition: StreamDefinition;
  /** Readers of one name share the messages. */
  readonly name: string;
  readonly ackWaitMs: number;
  /** Deliveries of one message at most; absent: without end. */
  readonly tries?: number;
  /** Messages under way or put off at most; absent: NATS' own 1,000. */
  readonly mostWaiting?: number;
  readonly log: Logger;
}

/**
 * Calls `read`, which takes and settles what is there, again and again until `drain`. The stream and its consumer are made where they are
 * missing. When `read` throws, JetStream is asked anew.
 */
export function keepReading(
  open: () => NatsConnection,
  reader: Reader,
  read: (consumer: Consumer, stopping: AbortSignal) => Promise<void>,
): Reading {
  const { definition, log } = reader;
  const stopping = new AbortController();
  let fault = '';
  const run = async () => {
    let consumer: Consumer | undefined;
    while (!stopping.signal.aborted) {
      try {
        consumer ??= await openConsumer(open(), reader);
        await read(consumer, stopping.signal);
        fault = '';
      } catch (err) {
        consumer = undefined;
        // That there is no connection, at the start or later, is said where it is lost.
        const isAway = err instanceof RefrainError && err.reason === 'BUS_DOWN';
        log[fault !== '' || isAway ? 'debug' : 'warn']({ err, stream: definition.name }, 'a stream could not be read');
        if (!isAway) fault = err instanceof Error ? err.message : String(err);
        // Only its being stopped ends the pause early, which the loop's head sees.
        await delay(isAway ? lookMs : retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const running = run();
  return {
    get fault() {
      return fault;
    },
    drain: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function openConsumer(
  connection: NatsConnection,
  { ackWaitMs, definition, mostWaiting, name, tries }: Reader,
): Promise<Consumer> {
  await ensureStream(connection, definition);
  const manager = await connection.jetstreamManager();
  const config: Partial<ConsumerConfig> = {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * 1e6,
    ...(tries !== undefined && { max_deliver: tries }),
    ...(mostWaiting !== undefined && { max_ack_pending: mostWaiting }),
  };
  try {
    await manager.consumers.update(definition.name, name, config);
  } catch {
    // Not there yet; a real fault shows here. One of other settings is refused by `add`, and would never be read.
    await manager.consumers.add(definition.name, config);
  }
  return connection.jetstream().consumers.get(definition.name, name);
}
