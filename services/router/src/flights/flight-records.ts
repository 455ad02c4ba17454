/**
 * What routers tell each other about a question that is being asked: one record in Redis for each flight. Whoever writes it first leads;
 * once a worker has the attempt the record says where others can listen. It is a lease: a leader that dies renews it no more, and the
 * next router takes over. Every change is made only while the record is still the flight's own (its id is the fencing token).
 */
import { hash, randomUUIDv7 } from 'node:crypto';
import { answerIsOut } from '@refrain/resilience';
import { answersSharedMs, revokedKey, revokedMs, type State } from '@refrain/state';

/** Where a flight's answer is being made. */
export interface FlightAttempt {
  readonly attemptId: string;
  /** The worker's: here others ask for the frames. */
  readonly controlSubject: string;
  readonly provider: string;
  readonly model: string;
  readonly reason: string;
  readonly degraded: boolean;
}

/** A flight as the others see it. */
export interface FlightNotice {
  readonly id: string;
  /** Absent while the leader is still looking for somebody who answers. */
  readonly attempt?: FlightAttempt;
  /** The whole answer has been given; the worker still tells it for a while. */
  readonly done?: boolean;
}

/** A flight that is led from here. None of these throws: a record that is lost costs a second call at most. */
export interface Lease {
  /** A worker has it: from here on others hear it too. */
  announce(attempt: FlightAttempt): void;
  /** The answer is complete; who comes within five seconds still shares it. */
  done(): void;
  /** It came to nothing, or to something others find by themselves: the next may lead. */
  release(): void;
}

/** Lead, listen, or (Redis is away) ask alone. */
export type Claim = { readonly lease: Lease } | { readonly notice: FlightNotice } | undefined;

/** A leader renews every third of it. */
export const leaseMs = 6000;
/** How long an answer is shared after its end, also one that may not be cached (the worker keeps what it said as long). */
export const doneSeconds: number = answersSharedMs / 1000;
/** An answer that is complete sooner is announced with its end alone: the others look every 25 ms. */
const announceAfterMs = 15;

/** An answer that was judged wrong, or taken out of the cache, is not shared any more. */
const claimLua = `
local record = redis.call('GET', KEYS[1])
if record and not (redis.call('EXISTS', KEYS[2]) == 1 and cjson.decode(record).done) then return record end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`;

/** Writes, renews or (an empty value) deletes the record if its id is the caller's. */
const changeLua = `
local record = redis.call('GET', KEYS[1])
if not record or cjson.decode(record).id ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** The records of all flights of a mesh. */
export class FlightRecords {
  readonly #claim: ReturnType<State['script']>;
  readonly #change: ReturnType<State['script']>;
  readonly #state: Pick<State, 'command' | 'get' | 'set'>;
  readonly #onFault: (error: unknown) => void;

  /** `onFault` hears of each call that failed. */
  constructor(state: Pick<State, 'command' | 'get' | 'set' | 'script'>, onFault: (error: unknown) => void) {
    this.#claim = state.script({ name: 'refrainFlightClaim', keys: 2, lua: claimLua });
    this.#change = state.script({ name: 'refrainFlightChange', keys: 1, lua: changeLua });
    this.#state = state;
    this.#onFault = onFault;
  }

  /** Leads the flight of a key (it begins with the question's exact key) unless it is led already. */
  async claim(key: string): Promise<Claim> {
    const notice: FlightNotice = { id: randomUUIDv7() };
    const name = recordKey(key);
    const first = JSON.stringify(notice);
    try {
      // Nearly always nobody asks the same: then one plain command is all.
      if ((await this.#state.command('SET', name, first, 'PX', leaseMs, 'NX')) === 'OK') {
        return { lease: this.#lease(name, notice) };
      }
      const found = await this.#claim([name, revokedKey(key)], [first, leaseMs]);
      if (typeof found === 'string') return { notice: JSON.parse(found) as FlightNotice };
    } catch (error) {
      this.#onFault(error);
      return undefined;
    }
    return { lease: this.#lease(name, notice) };
  }

  /** The flight's record now; undefined where there is none, or none that can be read. */
  async read(key: string): Promise<FlightNotice | undefined> {
    try {
      const bytes = await this.#state.get(recordKey(key));
      return bytes ? (JSON.parse(bytes.toString()) as FlightNotice) : undefined;
    } catch (error) {
      this.#onFault(error);
      return undefined;
    }
  }

  /** The answer of that exact key (or its first half, as entries are called) was wrong or is to be forgotten: nobody shares it any more. */
  async revoke(exactKey: string): Promise<void> {
    try {
      await this.#state.set(revokedKey(exactKey), Buffer.from('1'), { ttlMs: revokedMs });
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** Whether that was said of it, by this router, another, or the cache; false where nobody can tell: then nothing was taken out either. */
  async isRevoked(exactKey: string): Promise<boolean> {
    try {
      return (await this.#state.get(revokedKey(exactKey))) !== null;
    } catch (error) {
      this.#onFault(error);
      return false;
    }
  }

  #lease(name: string, first: FlightNotice): Lease {
    let notice = first;
    const renew = () => this.#write(name, first.id, JSON.stringify(notice), leaseMs);
    const renewal = setInterval(renew, leaseMs / 3);
    let announcement: NodeJS.Timeout | undefined;
    const end = (value: string, ms: number) => {
      clearInterval(renewal);
      clearTimeout(announcement);
      void answerIsOut().then(() => this.#write(name, first.id, value, ms));
    };
    return {
      announce: (attempt) => {
        notice = { ...notice, attempt };
        clearTimeout(announcement);
        announcement = setTimeout(renew, announceAfterMs);
      },
      done: () => end(JSON.stringify({ ...notice, done: true }), answersSharedMs),
      release: () => end('', 0),
    };
  }

  #write(name: string, id: string, value: string, ms: number): void {
    this.#change([name], [id, value, ms]).catch(this.#onFault);
  }
}

/** Both keys of a question carry the half of its exact key in braces, so that a cluster keeps them together. */
function recordKey(key: string): string {
  return `rf:1:f:{${key.slice(0, 32)}}:${hash('sha256', key, 'hex').slice(0, 16)}`;
}
