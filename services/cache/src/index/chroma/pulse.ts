import type { Logger } from '@refrain/service';
import { Canary, type Song } from './canary.ts';
import type { ChromaServer } from './chroma-server.ts';

/** Who wants to know how the server is. */
export interface PulseOptions {
  readonly server: ChromaServer;
  readonly log: Logger;
  /** The server was away, or has lost what it was given: nothing that was known of it can be relied on. */
  readonly onLost: () => void;
  /** Told after each beat at which it answered. */
  readonly onBeat: () => void;
}

/** How often the server is asked, in milliseconds. */
export const beatMs = 1000;

/** Asks the server once a second whether it is there and finds what it should. */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #canary: Canary;
  readonly #timer: NodeJS.Timeout;
  #ready = false;
  #isBeating = false;
  #late = 0;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#canary = new Canary(options.server);
    this.#timer = setInterval(() => void this.#beat(), beatMs);
    void this.#beat();
  }

  get ready(): boolean {
    return this.#ready;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#ready = false;
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#hear(await this.#ask());
    this.#isBeating = false;
  }

  async #ask(): Promise<Song | 'away'> {
    try {
      await this.#options.server.heartbeat();
    } catch {
      // Said when it is heard, once.
      return 'away';
    }
    return this.#canary.ask();
  }

  #hear(song: Song | 'away'): void {
    const was = this.#ready;
    // One that is late once may have been busy.
    this.#late = song === 'late' ? this.#late + 1 : 0;
    this.#ready = song === 'right' || (was && this.#late === 1);
    if (song === 'away' || song === 'lost') this.#options.onLost();
    if (was && !this.#ready)
      this.#options.log.warn(
        { canary: song },
        'chroma does not find what it should; small partitions are compared in process',
      );
    else if (!was && this.#ready) this.#options.log.info({}, 'chroma answers');
    if (this.#ready) this.#options.onBeat();
  }
}
