/** Takes what waits on a JetStream work queue, one message after the other; what is not done is delivered again, a few times. */
import type { Logger } from '@refrain/service';
import type { JsMsg, NatsConnection } from 'nats';
import type { QueueHandler, Reading, StreamDefinition, TakeOptions } from './bus.ts';
import { keepReading } from './keep-reading.ts';

/** How long one request for a message waits at the server; a stopped taker is through after this at the latest. */
const waitMs = 1000;

/** Begins when the connection is there, survives its loss, ends with `drain`. */
export function takeWork(
  open: () => NatsConnection,
  definition: StreamDefinition,
  options: TakeOptions & { readonly log: Logger },
  handle: QueueHandler,
): Reading {
  return keepReading(open, { definition, ...options }, async (consumer) => {
    const message = await consumer.next({ expires: waitMs });
    if (message) await settle(message, options, handle);
  });
}

/** Who is not done by its last try is taken off: a message that cannot be handled must not wait until its age ends it. */
async function settle(message: JsMsg, options: TakeOptions & { log: Logger }, handle: QueueHandler) {
  const { ackWaitMs, log, tries } = options;
  const isLast = message.info.deliveryCount >= tries;
  const heard = setInterval(() => message.working(), ackWaitMs / 3);
  try {
    const outcome = await handle(message.data, { isLast });
    if (outcome === 'done' || isLast) message.ack();
    else message.nak(outcome.retryMs);
  } catch (err) {
    log.error({ err }, 'a message of a work queue could not be handled');
    message.term();
  } finally {
    clearInterval(heard);
  }
}
