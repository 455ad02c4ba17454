/**
 * The worker of one provider: takes requests from its three lanes, refuses at once what it cannot do (a refusal is no
 * attempt: the router goes on to somebody else), runs the rest and tells each frame by frame on its reply subject.
 */
import type { Bus, BusMessage, Inbox, Subscription } from '@refrain/bus';
import { controlSubject, type Lane, lanes, type WorkRequest, workSubject } from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { ProviderConfig } from '@refrain/service';
import type { WorkerMetrics } from '../metrics.ts';
import { modelMissing } from '../upstream/failures.ts';
import { type Asked, type AskingParts, askUpstream } from './ask-upstream.ts';
import { drain } from './drain.ts';
import { type FollowingParts, followAttempt } from './follow-attempt.ts';
import { Interests } from './interest.ts';
import type { RecordingParts } from './record-attempt.ts';
import { retell } from './retell.ts';
import { type Taken, TakenRequests } from './taken-requests.ts';
import { ToldAnswers } from './told-answers.ts';
import { WaitingRoom } from './waiting-room.ts';

/** What a worker is made of. */
export interface WorkerParts extends Omit<AskingParts, 'contextOf'>, RecordingParts {
  readonly config: ProviderConfig;
  readonly bus: Pick<Bus, 'subscribe' | 'inbox' | 'publish'>;
  readonly metrics: Pick<WorkerMetrics, 'refused' | 'ended'>;
  /** Silence of a router after which nobody waits; 10 s. */
  readonly silenceMs?: number | undefined;
}

/** The provider's places are all taken: the request waits on. */
const placeIsTaken = 'PROVIDER_BUSY';

/** A worker at work. */
export class Worker {
  readonly #asking: AskingParts;
  readonly #following: FollowingParts;
  readonly #taken: TakenRequests;
  readonly #waitingRoom: WaitingRoom;
  readonly #control: Inbox;
  readonly #controls: Subscription;
  readonly #work: readonly Subscription[];
  #draining: Promise<void> | undefined;
  /** NATS knows that it takes no more: until then what comes was sent in good faith, perhaps to the only one there is. */
  #hasLeft = false;
  #stopAtMs = Number.POSITIVE_INFINITY;

  /** Subscribes the provider's lanes and works until drained. */
  constructor(parts: WorkerParts) {
    const { bus, config, provider, silenceMs } = parts;
    const told = new ToldAnswers();
    const interests = new Interests((id, listener) => retell(id, listener, { bus, told }), silenceMs);
    const hear = (message: BusMessage) => interests.receive(message);
    this.#control = bus.inbox(hear);
    // Where a router says cancel before it knows which worker has its request.
    this.#controls = bus.subscribe(controlSubject(provider), {}, hear);
    const taken = new TakenRequests({ ...parts, interests });
    this.#taken = taken;
    const here = { taken, controlSubject: this.#control.subject };
    const run = (each: Taken, entered: () => void) => this.#run(each, entered);
    this.#waitingRoom = new WaitingRoom({ ...here, config, run });
    this.#asking = { ...parts, contextOf: new Map(config.models.map((model) => [model.name, model.contextTokens])) };
    this.#following = { ...parts, ...here, told };
    this.#work = lanes.map((lane) =>
      bus.subscribe(workSubject(provider, lane), { queue: 'workers' }, (message) => this.#receive(lane, message)),
    );
  }

  /** Takes no more, lets what it has taken finish within `graceMs`, then stops it; a second call may shorten that. */
  drain(graceMs: number): Promise<void> {
    this.#stopAtMs = Math.min(this.#stopAtMs, performance.now() + graceMs);
    this.#draining ??= drain({
      work: this.#work,
      onLeft: () => {
        this.#hasLeft = true;
      },
      controls: this.#controls,
      control: this.#control,
      taken: this.#taken,
      isIdle: () => this.#waitingRoom.isIdle,
      stopAtMs: () => this.#stopAtMs,
    });
    return this.#draining;
  }

  #receive(lane: Lane, message: BusMessage): void {
    const taken = this.#taken.take(message);
    try {
      this.#check(taken.work);
      this.#waitingRoom.enter(taken, lane);
    } catch (thrown) {
      this.#taken.refuse(taken, toRefrainError(thrown));
    }
  }

  /** What can be known at once. Throws the refusal. */
  #check(work: WorkRequest): void {
    if (this.#hasLeft) throw new RefrainError('overloaded', 'The worker is stopping.', { reason: 'BUSY' });
    if (!work.chat) throw new RefrainError('invalid', 'The work request has no chat.');
    if (!this.#asking.adapter.has(work.model)) throw modelMissing();
  }

  /** It has a place here: a key, the upstream, the attempt. */
  async #run(taken: Taken, entered: () => void): Promise<'done' | 'again'> {
    let asked: Asked;
    try {
      asked = await askUpstream(taken, this.#asking);
    } catch (thrown) {
      const error = toRefrainError(thrown);
      if (error.reason === placeIsTaken) return this.#waitingRoom.waitOn(taken);
      this.#taken.refuse(taken, error);
      return 'done';
    }
    entered();
    await followAttempt(taken, asked, this.#following);
    return 'done';
  }
}
