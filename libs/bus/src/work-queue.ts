/** Takes what waits on a JetStream work queue, one message after the other; what is not done is delivered again, a few times. */
import { setTimeout as delay } from 'node:timers/promises';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { AckPolicy, type Consumer, type JsMsg, type NatsConnection } from 'nats';
import type { QueueHandler, StreamDefinition, Subscription, TakeOptions } from './bus.ts';
import { ensureStream } from './jetstream.ts';

/** How long one request for a message waits at the server; a stopped taker is through after this at the latest. */
const waitMs = 1000;
/** JetStream is asked again after this where it could not be reached. */
const retryMs = 2000;
/** And after this where the connection is not there: the bus says so itself, and nobody is asked. */
const lookMs = 200;

/** Begins when the connection is there, survives its loss, ends with `drain`. */
export function takeWork(
  open: () => NatsConnection,
  definition: StreamDefinition,
  options: TakeOptions & { readonly log: Logger },
  handle: QueueHandler,
): Subscription {
  const stopping = new AbortController();
  const run = async () => {
    let consumer: Consumer | undefined;
    let said = false;
    while (!stopping.signal.aborted) {
      try {
        consumer ??= await openConsumer(open(), definition, options);
        const message = await consumer.next({ expires: waitMs });
        said = false;
        if (message) await settle(message, options, handle);
      } catch (err) {
        consumer = undefined;
        const isAway = err instanceof RefrainError && err.reason === 'BUS_DOWN';
        if (!said && !isAway) options.log.warn({ err, stream: definition.name }, 'a work queue could not be read');
        said ||= !isAway;
        await delay(isAway ? lookMs : retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
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

async function openConsumer(
  connection: NatsConnection,
  definition: StreamDefinition,
  { name, ackWaitMs, tries }: TakeOptions,
): Promise<Consumer> {
  await ensureStream(connection, definition);
  const manager = await connection.jetstreamManager();
  await manager.consumers.add(definition.name, {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * 1e6,
    max_deliver: tries,
  });
  return connection.jetstream().consumers.get(definition.name, name);
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
