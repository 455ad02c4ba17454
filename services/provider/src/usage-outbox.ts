/**
 * Usage records on their way to where they survive: a JetStream stream, made when it is not there, each record once by
 * its attempt's id. A record is kept until it is acknowledged, through every outage that ends while the process lives.
 */
import { toBinary, toJson } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { type UsageRecord, UsageRecordSchema, usageStream, usageSubject } from '@refrain/contracts';
import type { Logger } from '@refrain/service';

/** What settling uses of the bus. */
export type SettleBus = Pick<Bus, 'connected' | 'ensureStream' | 'publishDurable'>;

const retryEveryMs = 500;
/** Records of so long leave together: waking NATS for each costs more than the record. */
const gatherMs = 20;
/** About 3 MB, and minutes of a busy worker without NATS. */
const mostPending = 10_000;

/** Makes the stream as soon as the bus is there; gives the function that stops trying. */
export function keepUsageStream(bus: SettleBus, log: Logger): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const make = async () => {
    if (bus.connected) {
      try {
        await bus.ensureStream(usageStream);
        return;
      } catch (err) {
        log.warn({ err }, 'the usage stream cannot be made yet');
      }
    }
    if (!stopped) timer = setTimeout(() => void make(), retryEveryMs);
  };
  void make();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** The records that JetStream has not acknowledged yet. */
export class UsageOutbox {
  readonly #bus: SettleBus;
  readonly #log: Logger;
  readonly #onLost: (provider: string) => void;
  readonly #gathered: UsageRecord[] = [];
  readonly #underWay: Map<UsageRecord, Promise<void>> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #refusing = false;
  #closed = false;

  /** `onLost` hears of every record that will never be stored; the log then holds what it said. */
  constructor(bus: SettleBus, log: Logger, onLost: (provider: string) => void) {
    this.#bus = bus;
    this.#log = log;
    this.#onLost = onLost;
  }

  /** Takes a record; never throws. */
  put(record: UsageRecord): void {
    if (this.#closed) {
      this.#lose(record, 'the worker has stopped');
    } else if (this.#gathered.length + this.#underWay.size >= mostPending) {
      this.#lose(record, 'too many wait for NATS');
    } else {
      this.#gathered.push(record);
      this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
    }
  }

  /** Waits until all are stored, at most so long; the rest is lost. */
  async close(limitMs: number): Promise<void> {
    this.#flush();
    const stored = Promise.all(this.#underWay.values());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([stored, late]);
    clearTimeout(timer);
    this.#closed = true;
    for (const record of this.#underWay.keys()) this.#lose(record, 'NATS did not take it before the worker stopped');
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const record of this.#gathered.splice(0)) {
      const stored = this.#store(record).finally(() => this.#underWay.delete(record));
      this.#underWay.set(record, stored);
    }
  }

  async #store(record: UsageRecord): Promise<void> {
    const bytes = toBinary(UsageRecordSchema, record);
    while (!this.#closed) {
      try {
        await this.#bus.publishDurable(usageSubject(record.provider), bytes, { id: record.attemptId });
        this.#refusing = false;
        return;
      } catch (err) {
        // It was tried for seconds. Told once an outage, not once a record.
        if (!this.#refusing) this.#log.warn({ err }, 'usage records wait for NATS');
        this.#refusing = true;
        await this.#makeStream();
      }
    }
  }

  /** A server that came back without its data has no stream. */
  async #makeStream(): Promise<void> {
    try {
      await this.#bus.ensureStream(usageStream);
    } catch (err) {
      this.#log.debug({ err }, 'the usage stream cannot be made yet');
    }
  }

  #lose(record: UsageRecord, why: string): void {
    this.#onLost(record.provider);
    this.#log.error({ record: toJson(UsageRecordSchema, record), why }, 'a usage record was lost');
  }
}
