/**
 * What operators should look at, on `refrain.v1.events.mesh.alert`: each cause at most once an hour, or less often. The stream of alerts keeps them, so that
 * who looks later sees them too.
 */
import {
  AlertEventSchema,
  alertsStream,
  type EventEncoding,
  encodeEvent,
  eventSubject,
  meshTenant,
} from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { Bus } from './bus.ts';

/** An alert, never with a key or a prompt in it. */
export interface Alert {
  /** See AlertEvent in proto/refrain/jobs/v1/alert.proto. */
  readonly kind: string;
  readonly provider?: string;
  /** The hash of a key. */
  readonly keyId?: string;
  /** A sentence for people. */
  readonly text: string;
  /** For so long its cause is not told again; an hour where absent. */
  readonly quietMs?: number;
}

/** What alerts are sent with. */
export interface AlertParts {
  readonly bus: Pick<Bus, 'connected' | 'publish' | 'ensureStream'>;
  readonly encoding: () => EventEncoding;
  readonly log: Pick<Logger, 'warn'>;
  /** Whether nobody else has told of a cause within the milliseconds; absent: each process tells for itself. */
  readonly isFirst?: (cause: string, quietMs: number) => Promise<boolean>;
  /** Hears of each alert that is told. */
  readonly onAlert?: (alert: Alert) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Tells operators of something, unless its cause was told within the hour, or whatever it says of itself. Never throws, and nobody waits for it. */
export type RaiseAlert = (cause: string, alert: Alert) => void;

const usualQuietMs = 3_600_000;
/** Causes that a process remembers; of others it asks again whether they were told. */
const mostCauses = 10_000;
/** A cause that could not be published is told again after this: nobody has heard of it. */
const unheardMs = 60_000;

/** Gives the function that tells operators. */
export function createAlerts({ bus, encoding, isFirst, log, now = Date.now, onAlert }: AlertParts): RaiseAlert {
  /** Cause to when it may be told again: most are settled here, without asking anybody. */
  const quietUntil = new Map<string, number>();

  /** At each, for they are few, and a server may have lost its data. */
  const keep = async () => {
    try {
      await bus.ensureStream(alertsStream);
    } catch (err) {
      log.warn({ err: toRefrainError(err) }, 'alerts are not kept: who does not listen now will not see them');
    }
  };
  const send = async (cause: string, { kind, provider = '', keyId = '', quietMs = usualQuietMs, text }: Alert) => {
    // Without NATS nobody would hear it: the word is left to a process that can be heard.
    if (bus.connected && isFirst && !(await isFirst(cause, quietMs))) return;
    onAlert?.({ kind, provider, keyId, text });
    log.warn({ kind, provider, keyId }, text);
    const event = { kind, provider, keyId, text, atMs: BigInt(Math.round(now())) };
    if (bus.connected) await keep();
    try {
      const { data, headers } = encodeEvent(AlertEventSchema, event, encoding());
      bus.publish(eventSubject(meshTenant, 'alert'), data, { headers });
    } catch (err) {
      quietUntil.set(cause, now() + unheardMs);
      log.warn({ err: toRefrainError(err), kind, provider }, 'an alert could not be published');
    }
  };

  return (cause, alert) => {
    if (now() < (quietUntil.get(cause) ?? 0)) return;
    quietUntil.delete(cause);
    quietUntil.set(cause, now() + (alert.quietMs ?? usualQuietMs));
    const [eldest] = quietUntil.keys();
    if (quietUntil.size > mostCauses && eldest !== undefined) quietUntil.delete(eldest);
    send(cause, alert).catch((err: unknown) => log.warn({ err }, 'an alert could not be sent'));
  };
}
