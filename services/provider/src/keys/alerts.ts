/** What operators should look at, on `refrain.v1.events.mesh.alert`: each cause at most once an hour, over all workers. */
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { AlertEventSchema, eventSubject, meshTenant } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { keyPoolNames, type State } from '@refrain/state';
import type { PoolWatcher } from './shared-pool.ts';

/** Why an operator should look. */
export type AlertKind = 'quota' | 'errors' | 'unused' | 'denied' | 'exhausted';

/** What alerts are sent with. */
export interface AlertParts {
  readonly provider: string;
  readonly state: Pick<State, 'command'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly log: Logger;
  readonly encoding: () => 'json' | 'protobuf';
  /** The share of a quota from which on one is sent. */
  readonly threshold: number;
  readonly onAlert: (kind: AlertKind) => void;
  readonly now: () => number;
}

const hourMs = 3_600_000;
const leastCalls = 20;
const errorShare = 0.2;

/** Watches over a pool and sends alerts about it. None of this throws or is waited for. */
export class Alerts implements PoolWatcher {
  readonly #parts: AlertParts;
  /** Cause to when this process last heard of it: most are settled here, without asking Redis. */
  readonly #raised: Map<string, number> = new Map();

  constructor(parts: AlertParts) {
    this.#parts = parts;
  }

  used(id: string, share: number): void {
    const { threshold } = this.#parts;
    if (share >= threshold)
      this.raise('quota', id, `A key has used ${Math.floor(share * 100)} % of one of its quotas.`);
  }

  ended(id: string, calls: number, errors: number): void {
    if (calls < leastCalls || errors / calls <= errorShare) return;
    this.raise('errors', id, `${errors} of the last ${calls} calls with a key failed.`);
  }

  refused(why: 'denied' | 'wait'): void {
    if (why === 'denied') this.raise('denied', '', 'No key of the provider works any more.');
    else this.raise('exhausted', '', 'All keys of the provider are resting or have used up their quotas.');
  }

  /** Sends an alert, unless its cause has had one within the hour. */
  raise(kind: AlertKind, keyId: string, text: string): void {
    const cause = `${kind}:${keyId}`;
    const now = this.#parts.now();
    if (now - (this.#raised.get(cause) ?? Number.NEGATIVE_INFINITY) < hourMs) return;
    this.#raised.set(cause, now);
    void this.#send({ kind, keyId, text }, cause);
  }

  async #send({ kind, keyId, text }: { kind: AlertKind; keyId: string; text: string }, cause: string): Promise<void> {
    const { provider, bus, encoding, log, onAlert, now } = this.#parts;
    if (!(await this.#isFirst(cause))) return;
    onAlert(kind);
    log.warn({ provider, kind, keyId }, text);
    const event = create(AlertEventSchema, { kind, provider, keyId, text, atMs: BigInt(Math.round(now())) });
    const isJson = encoding() === 'json';
    const bytes = isJson ? Buffer.from(toJsonString(AlertEventSchema, event)) : toBinary(AlertEventSchema, event);
    const headers = { 'content-type': isJson ? 'application/json' : 'application/protobuf' };
    try {
      bus.publish(eventSubject(meshTenant, 'alert'), bytes, { headers });
    } catch (err) {
      // The log has it; nobody could hear more.
      log.warn({ provider, kind, err }, 'an alert could not be published');
    }
  }

  /** While Redis is away each worker tells for itself: rather twice than not at all. */
  async #isFirst(cause: string): Promise<boolean> {
    const name = `${keyPoolNames(this.#parts.provider).records}:alert:${cause}`;
    try {
      return (await this.#parts.state.command('SET', name, 1, 'PX', hourMs, 'NX')) === 'OK';
    } catch (error) {
      if (error instanceof RefrainError) return true;
      throw error;
    }
  }
}
