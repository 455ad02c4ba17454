/** Reads a JetStream stream by batches, shared among the readers of one name; what is not done comes again. */
import type { Logger } from '@refrain/service';
import type { Consumer, JsMsg, NatsConnection } from 'nats';
import type { BatchHandler, BatchOptions, StreamDefinition, Subscription } from './bus.ts';
import { keepReading } from './keep-reading.ts';

/** A batch that is not full is handed over after this. */
const gatherMs = 1000;

/** Begins when the connection is there, survives its loss, ends with `drain`. */
export function takeBatches(
  open: () => NatsConnection,
  definition: StreamDefinition,
  options: BatchOptions & { readonly log: Logger },
  handle: BatchHandler,
): Subscription {
  const { batch, log } = options;
  return keepReading(open, { definition, ...options }, async (consumer, stopping) => {
    const messages = await gather(consumer, batch, stopping);
    if (messages.length > 0) await settle(messages, log, handle);
  });
}

async function gather(consumer: Consumer, batch: number, stopping: AbortSignal): Promise<JsMsg[]> {
  const messages: JsMsg[] = [];
  const fetching = await consumer.fetch({ max_messages: batch, expires: gatherMs });
  // What is on its way then comes again, to another.
  const stop = () => fetching.stop();
  stopping.addEventListener('abort', stop, { once: true });
  try {
    for await (const each of fetching) messages.push(each);
  } finally {
    stopping.removeEventListener('abort', stop);
  }
  return messages;
}

/** A handler that throws has a bug: what it was given is not tried again. */
async function settle(messages: readonly JsMsg[], log: Logger, handle: BatchHandler): Promise<void> {
  try {
    const outcome = await handle(messages.map(({ data }) => data));
    for (const each of messages) outcome === 'done' ? each.ack() : each.nak(outcome.retryMs);
  } catch (err) {
    log.error({ err }, 'messages of a stream could not be handled');
    for (const each of messages) each.term();
  }
}
