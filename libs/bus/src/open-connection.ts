import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@refrain/service';
import { type ConnectionOptions, connect, type NatsConnection } from 'nats';

type Servers = Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'token'>;

/** A server that is frozen, or behind a network that swallows all, is found out within three of these: whoever waits for it hears so. */
const pingEveryMs = 1500;
const pingsUnanswered = 2;
/** Longer than a server takes that is well; one that goes away between the first words of a connection is else waited for 20 s. */
const handshakeMs = 3000;
/** After a server that is there has refused. */
const refusedMs = 2000;

/** Where to connect, and until when it is tried. */
export interface ConnectionTarget {
  readonly url: string;
  readonly name: string;
  readonly log: Logger;
  /** Ends the tries; the promise is then rejected with the signal's reason, within some 3 s. */
  readonly signal: AbortSignal;
}

/**
 * Waits for a server that is not there yet, and asks one that refuses again for ever: its users may be about to change.
 * @throws TypeError at once for a URL that is none
 */
export function openConnection(target: ConnectionTarget): Promise<NatsConnection> {
  return dial(toServers(target.url), target);
}

async function dial(servers: Servers, { name, log, signal }: ConnectionTarget): Promise<NatsConnection> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      const opened = await connect({
        ...servers,
        name,
        timeout: handshakeMs,
        maxReconnectAttempts: -1,
        // The one place where a client that dials can be told to leave off.
        reconnectDelayHandler: () => {
          signal.throwIfAborted();
          return 250 + Math.random() * 250;
        },
        waitOnFirstConnect: true,
        pingInterval: pingEveryMs,
        maxPingOut: pingsUnanswered,
        noAsyncTraces: true,
      });
      outliveRefusals(opened);
      return opened;
    } catch (err) {
      signal.throwIfAborted();
      if (isFirst) log.error({ err }, 'nats refuses the connection; it is asked again');
      await delay(refusedMs, undefined, { ref: false, signal });
    }
  }
}

/**
 * A client that is refused twice in a row closes for good, and a mesh whose password is changed would never come back. Not before the
 * first connection: then the refusal is all there is to tell, and nobody else hears of it.
 */
function outliveRefusals(opened: NatsConnection): void {
  const { options } = opened as unknown as { options: ConnectionOptions };
  options.ignoreAuthErrorAbort = true;
}

/**
 * What a URL names: servers, with commas between them, and who we are (`nats://user:password@host:4222`, `nats://token@host:4222`), which
 * the client takes apart from the servers and leaves out of their URLs without a word. @throws TypeError, which does not repeat it
 */
export function toServers(urls: string): Servers {
  const all = urls.split(',').map((each) => {
    const text = each.trim();
    const url = URL.parse(text.includes('://') ? text : `nats://${text}`);
    if (!url?.host) throw new TypeError('The URL of NATS is not valid: use nats://[user:password@]host:port[,…].');
    return url;
  });
  const servers = all.map(({ host, protocol }) => `${protocol}//${host}`);
  const named = all.find(({ username }) => username !== '');
  if (!named) return { servers };
  const user = decodeURIComponent(named.username);
  const pass = decodeURIComponent(named.password);
  return pass === '' ? { servers, token: user } : { servers, user, pass };
}
