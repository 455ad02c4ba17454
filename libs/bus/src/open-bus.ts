import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import {
  connect,
  headers as createHeaders,
  DebugEvents,
  Events,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from 'nats';
import type { Bus, BusMessage, Subscription } from './bus.ts';
import { ensureStream, publishDurable } from './jetstream.ts';
import { busDown, isNoResponders, Mux, noResponders } from './mux.ts';
import { readStream } from './read-stream.ts';

/**
 * Connects in the background and again for ever; a server that is not there yet is no error. Subscriptions made before the first
 * connection begin with it.
 */
export function openBus(options: { url: string; name: string; log: Logger }): Bus {
  const { log } = options;
  const mux = new Mux();
  const pending: ((connection: NatsConnection) => void)[] = [(connection) => mux.attach(connection)];
  let connection: NatsConnection | undefined;
  let connected = false;
  const connecting = connect({
    servers: options.url,
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    waitOnFirstConnect: true,
    pingInterval: 10_000,
    maxPingOut: 2,
    noAsyncTraces: true,
  });
  connecting.then(
    (opened) => {
      connection = opened;
      connected = true;
      for (const each of pending) each(opened);
      void follow(opened);
    },
    (err) => log.error({ err }, 'nats refused the connection'),
  );
  const follow = async (opened: NatsConnection) => {
    for await (const status of opened.status()) {
      if (status.type === Events.Disconnect || status.type === DebugEvents.StaleConnection) {
        if (connected) log.warn({}, 'nats is not reachable');
        connected = false;
        mux.fail();
      } else if (status.type === Events.Reconnect) {
        log.info({}, 'nats is back');
        connected = true;
      }
    }
  };
  const open = (): NatsConnection => {
    if (!connection || !connected) throw busDown();
    return connection;
  };

  return {
    get connected() {
      return connected;
    },
    publish: (subject, data, headers) =>
      open().publish(subject, data, headers ? { headers: toHeaders(headers) } : undefined),
    subscribe: (subject, { queue }, handler) => subscribe(subject, queue, handler),
    request: async (subject, data, { timeoutMs, headers }) => {
      try {
        const reply = await open().request(subject, data, {
          timeout: timeoutMs,
          ...(headers && { headers: toHeaders(headers) }),
        });
        return toBusMessage(reply);
      } catch (error) {
        throw toError(error);
      }
    },
    stream: (subject, data, streamOptions) =>
      readStream(mux, (reply) => open().publish(subject, data, { reply }), streamOptions),
    inbox: (handler) =>
      mux.open((message) => {
        if (!(message instanceof RefrainError) && !isNoResponders(message)) handler(message.data);
      }),
    ensureStream: (definition) => ensureStream(open(), definition),
    publishDurable: (subject, data, { id }) => publishDurable(open, subject, data, id),
    drain: async () => {
      const opened = await Promise.race([connecting, Promise.resolve(undefined)]);
      if (!opened || opened.isClosed()) return;
      if (connected) await opened.drain();
      else await opened.close();
    },
  };

  function subscribe(subject: string, queue: string | undefined, handler: (message: BusMessage) => void): Subscription {
    let stop = async () => {};
    const begin = (opened: NatsConnection) => {
      const subscription = opened.subscribe(subject, {
        ...(queue !== undefined && { queue }),
        callback: (error, message) => {
          if (error) return log.error({ err: error, subject }, 'a subscription failed');
          try {
            handler(toBusMessage(message));
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

function toBusMessage(message: Msg): BusMessage {
  return {
    subject: message.subject,
    data: message.data,
    reply: message.reply === '' ? undefined : message.reply,
    header: (name) => message.headers?.get(name) || undefined,
    respond: (data, headers) => {
      message.respond(data, headers ? { headers: toHeaders(headers) } : undefined);
    },
  };
}

function toHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const result = createHeaders();
  for (const [name, value] of Object.entries(values)) result.set(name, value);
  return result;
}

function toError(error: unknown): RefrainError {
  if (error instanceof RefrainError) return error;
  const code = (error as { code?: string }).code;
  if (code === '503') return noResponders();
  if (code === 'TIMEOUT') return new RefrainError('deadline', 'No answer came in time.', { cause: error });
  return busDown(error);
}
