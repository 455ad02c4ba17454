/**
 * What is published within one turn of the event loop leaves as one write: at a thousand requests a second the system
 * calls cost more than the messages (docs/decisions/0006-one-write-a-turn.md).
 */
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { headers as createHeaders, type MsgHdrs, type NatsConnection } from 'nats';

/** A message on its way out. */
export interface Outgoing {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly mayWait?: boolean | undefined;
}

/** What may wait waits no longer. */
const mostWaitMs = 5;

/** Collects messages and hands them to the connection at the end of the turn, in order. */
export class Outbox {
  readonly #open: () => NatsConnection;
  readonly #log: Logger;
  #waiting: Outgoing[] = [];
  /** The end of this turn, or of what may wait. */
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;

  /** @param open gives the connection or throws BUS_DOWN */
  constructor(open: () => NatsConnection, log: Logger) {
    this.#open = open;
    this.#log = log;
  }

  /** @throws RefrainError BUS_DOWN while disconnected; `invalid`, reason MESSAGE_TOO_LARGE, beyond what the server takes. */
  put(message: Outgoing): void {
    const limit = this.#open().info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (message.data.length > limit) {
      const text = `A message of ${message.data.length} bytes is more than NATS takes (${limit}).`;
      throw new RefrainError('invalid', text, { reason: 'MESSAGE_TOO_LARGE' });
    }
    this.#waiting.push(message);
    if (message.mayWait) this.#later ??= setTimeout(() => this.flush(), mostWaitMs);
    else this.#soon ??= setImmediate(() => this.flush());
  }

  /** Hands over now what waits. What the connection cannot take any more is lost and logged: NATS itself promises no more. */
  flush(): void {
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
    this.#soon = undefined;
    this.#later = undefined;
    const leaving = this.#waiting;
    this.#waiting = [];
    for (const { subject, data, reply, headers } of leaving) {
      try {
        this.#open().publish(subject, data, {
          ...(reply !== undefined && { reply }),
          ...(headers && { headers: toHeaders(headers) }),
        });
      } catch (err) {
        this.#log.warn({ err, subject }, 'a message could not be sent');
      }
    }
  }
}

function toHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const result = createHeaders();
  for (const [name, value] of Object.entries(values)) result.set(name, value);
  return result;
}
