/** Reads a JetStream stream by batches, shared among the readers of one name; what is not done comes again. */
import { setTimeout as delay } from 'node:timers/promises';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { AckPolicy, type Consumer, type JsMsg, type NatsConnection } from 'nats';
import type { BatchHandler, BatchOptions, StreamDefinition, Subscription } from './bus.ts';
import { ensureStream } from './jetstream.ts';

/** A batch that is not full is handed over after this. */
const gatherMs = 1000;
/** JetStream is asked again after this where it could not be reached. */
const retryMs = 2000;

/** Begins when the connection is there, survives its loss, ends with `drain`. */
export function takeBatches(
  open: () => NatsConnection,
  definition: StreamDefinition,
  options: BatchOptions & { readonly log: Logger },
  handle: BatchHandler,
): Subscription {
  const stopping = new AbortController();
  const run = async () => {
    let consumer: Consumer | undefined;
    let said = false;
    while (!stopping.signal.aborted) {
      try {
        consumer ??= await openConsumer(open(), definition, options);
        const messages = await gather(consumer, options.batch, stopping.signal);
        said = false;
        if (messages.length > 0) await settle(messages, options, handle);
      } catch (err) {
        consumer = undefined;
        // That there is no connection, at the start or later, is said where it is lost.
        const isKnown = said || (err instanceof RefrainError && err.reason === 'BUS_DOWN');
        options.log[isKnown ? 'debug' : 'warn']({ err, stream: definition.name }, 'a stream could not be read');
        said = true;
        await delay(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const running = run();
  return {
    drain: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** What is on its way when the signal is aborted comes again, to another. */
async function gather(consumer: Consumer, batch: number, signal: AbortSignal): Promise<JsMsg[]> {
  const messages: JsMsg[] = [];
  const fetching = await consumer.fetch({ max_messages: batch, expires: gatherMs });
  const stop = () => fetching.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const each of fetching) messages.push(each);
  } finally {
    // The signal lives as long as the process: each second of reading would leave its fetch behind.
    signal.removeEventListener('abort', stop);
  }
  return messages;
}

async function openConsumer(
  connection: NatsConnection,
  definition: StreamDefinition,
  { ackWaitMs, name }: BatchOptions,
): Promise<Consumer> {
  await ensureStream(connection, definition);
  const manager = await connection.jetstreamManager();
  await manager.consumers.add(definition.name, {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * 1e6,
  });
  return connection.jetstream().consumers.get(definition.name, name);
}

/** A handler that throws has a bug: what it was given is not tried again. */
async function settle(messages: readonly JsMsg[], { log }: { log: Logger }, handle: BatchHandler): Promise<void> {
  try {
    const outcome = await handle(messages.map(({ data }) => data));
    for (const each of messages) outcome === 'done' ? each.ack() : each.nak(outcome.retryMs);
  } catch (err) {
    log.error({ err }, 'messages of a stream could not be handled');
    for (const each of messages) each.term();
  }
}
