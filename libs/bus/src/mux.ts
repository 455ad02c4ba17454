/** One wildcard subscription for all private replies of a connection; a subscription for each request would cost a round of SUB and UNSUB. */
import { randomBytes } from 'node:crypto';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { type Msg, type NatsConnection, NatsError } from 'nats';

type Listener = (message: Msg | RefrainError) => void;

/** Hands each reply to the listener its subject names. */
export class Mux {
  readonly #prefix: string = `_INBOX.${randomBytes(12).toString('hex')}`;
  readonly #listeners: Map<string, Listener> = new Map();
  readonly #log: Logger;
  #next = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Subscribes; the subscription survives reconnects. */
  attach(connection: NatsConnection): void {
    connection.subscribe(`${this.#prefix}.*`, {
      callback: (error, message) => {
        if (error) this.#log.error({ err: error }, 'the subscription of replies failed');
        else this.#tell(message);
      },
    });
  }

  /** A fresh reply subject whose messages go to `listener` until it is closed. */
  open(listener: Listener): { subject: string; close: () => void } {
    this.#next += 1;
    const subject = `${this.#prefix}.${this.#next.toString(36)}`;
    this.#listeners.set(subject, listener);
    return { subject, close: () => this.#listeners.delete(subject) };
  }

  /** The connection is gone: whoever waits for an answer hears so now instead of after its timeout. */
  fail(): void {
    for (const listener of [...this.#listeners.values()]) listener(busDown());
  }

  #tell(message: Msg): void {
    try {
      this.#listeners.get(message.subject)?.(message);
    } catch (err) {
      // Out of here it would end the client's reading of the connection.
      this.#log.error({ err }, 'a reply could not be handled');
    }
  }
}

/** The error of everything that needs a connection while there is none; of a server that is there and refuses, in its words. */
export function busDown(cause?: unknown): RefrainError {
  const refusal = cause instanceof NatsError ? cause.api_error?.description : undefined;
  const message = refusal === undefined ? 'NATS is not reachable.' : `NATS refuses: ${refusal}.`;
  return new RefrainError('unavailable', message, { reason: 'BUS_DOWN', retryAfterMs: 1000, cause });
}

/** NATS says at once when nobody listens on a subject: an empty message with status 503. */
export function isNoResponders(message: Msg): boolean {
  return message.data.length === 0 && message.headers?.code === 503;
}

/** The error for it. */
export function noResponders(): RefrainError {
  return new RefrainError('unavailable', 'Nobody serves this at the moment.', { reason: 'NO_RESPONDERS' });
}
