import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { DebugEvents, Events, type Msg, type NatsConnection } from 'nats';
import type { Bus, BusMessage, Subscription } from './bus.ts';
import { ackTimeoutMs, ensureStream, publishDurable } from './jetstream.ts';
import { openKept } from './kept.ts';
import { busDown, isNoResponders, Mux } from './mux.ts';
import { openConnection } from './open-connection.ts';
import { Outbox } from './outbox.ts';
import { readStream } from './read-stream.ts';
import { Refusals } from './refusals.ts';
import { replay } from './replay.ts';
import { request } from './request.ts';
import { takeBatches } from './take-batches.ts';
import { takeWork } from './work-queue.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * Connects in the background and again for ever; a server that is not there yet is no error. Subscriptions made before the first
 * connection begin with it.
 */
export function openBus(options: { url: string; name: string; log: Logger }): Bus {
  const { log } = options;
  const mux = new Mux(log);
  const pending: ((connection: NatsConnection) => void)[] = [(connection) => mux.attach(connection)];
  let connection: NatsConnection | undefined;
  let connected = false;
  const ending = new AbortController();
  const connecting = openConnection({ ...options, signal: ending.signal }).then(
    (opened) => {
      connection = opened;
      connected = true;
      for (const each of pending) each(opened);
      void follow(opened);
    },
    (error) => {
      if (!ending.signal.aborted) throw error;
    },
  );
  const follow = async (opened: NatsConnection) => {
    const refusals = new Refusals(log);
    for await (const status of opened.status()) {
      if (status.type === Events.Disconnect || status.type === DebugEvents.StaleConnection) {
        if (connected) log.warn({}, 'nats is not reachable');
        connected = false;
        mux.fail();
      } else if (status.type === Events.Reconnect) {
        log.info({}, 'nats is back');
        connected = true;
        refusals.forget();
      } else if (status.type === Events.Error) refusals.tell(status);
    }
  };
  const open = (): NatsConnection => {
    if (!connection || !connected) throw busDown();
    return connection;
  };
  const outbox = new Outbox(open, log);
  const ask = (subject: string, data: Uint8Array, how: { timeoutMs: number; headers?: Headers | undefined }) =>
    request(mux, (reply) => outbox.put({ subject, data, reply, headers: how.headers }), how.timeoutMs);

  return {
    get connected() {
      return connected;
    },
    publish: (subject, data, options) => outbox.put({ subject, data, ...options }),
    subscribe: (subject, { queue }, handler) => subscribe(subject, queue, handler),
    request: async (subject, data, how) => toBusMessage(await ask(subject, data, how), outbox),
    stream: (subject, data, streamOptions) =>
      readStream(mux, (reply) => outbox.put({ subject, data, reply }), streamOptions),
    inbox: (handler) =>
      mux.open((message) => {
        if (!(message instanceof RefrainError) && !isNoResponders(message)) handler(toBusMessage(message, outbox));
      }),
    ensureStream: (definition) => ensureStream(open(), definition),
    publishDurable: (subject, data, { id }) =>
      publishDurable(() => ask(subject, data, { timeoutMs: ackTimeoutMs, headers: { 'Nats-Msg-Id': id } })),
    takeWork: (definition, how, handle) => takeWork(open, definition, { ...how, log }, handle),
    takeBatches: (definition, how, handle) => takeBatches(open, definition, { ...how, log }, handle),
    replay: (definition, how) => replay(open, definition, how),
    kept: (definition) => openKept(open, definition),
    drain: async () => {
      ending.abort();
      await connecting;
      if (!connection || connection.isClosed()) return;
      outbox.flush();
      if (connected) await connection.drain();
      else await connection.close();
    },
  };

  function subscribe(subject: string, queue: string | undefined, handler: (message: BusMessage) => void): Subscription {
    let stopped = false;
    let stop = async () => {
      stopped = true;
    };
    const begin = (opened: NatsConnection) => {
      if (stopped) return;
      const subscription = opened.subscribe(subject, {
        ...(queue !== undefined && { queue }),
        callback: (error, message) => {
          if (error) return log.error({ err: error, subject }, 'a subscription failed');
          try {
            handler(toBusMessage(message, outbox));
          } catch (err) {
            log.error({ err, subject }, 'a message handler failed');
          }
        },
      });
      stop = () => (opened.isClosed() ? Promise.resolve() : subscription.drain());
    };
    if (connection) begin(connection);
    else pending.push(begin);
    return { drain: () => stop() };
  }
}

function toBusMessage(message: Msg, outbox: Outbox): BusMessage {
  const reply = message.reply || undefined;
  return {
    subject: message.subject,
    data: message.data,
    reply,
    header: (name) => message.headers?.get(name) || undefined,
    respond: (data, headers) => {
      if (reply !== undefined) outbox.put({ subject: reply, data, headers });
    },
  };
}
