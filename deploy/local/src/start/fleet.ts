import { KeptProcess, type Running } from './kept-process.ts';

/** In the order in which a mesh stops: who asks goes before whom it asks. */
const stages = ['jobs', 'router', 'worker', 'cache', 'part'] as const;
/** What a process is to the others. */
export type Stage = (typeof stages)[number];

/** What a fleet is given. */
export interface FleetOptions {
  /** Once it is aborted nothing is started any more. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** A process runs again after it had ended by itself. */
  readonly onRestart: () => void;
  /** A process cannot be started again. */
  readonly onFatal: (error: unknown) => void;
}

/** All processes of a mesh. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #kept = new Map<Stage, KeptProcess<Running>[]>(stages.map((stage) => [stage, []]));

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Starts a process and keeps it running. @throws what its start threw */
  async run<T extends Running>(
    stage: Stage,
    name: string,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<KeptProcess<T>> {
    this.#options.signal.throwIfAborted();
    const kept = new KeptProcess<T>({ ...this.#options, name, start });
    this.#kept.get(stage)?.push(kept);
    await kept.start();
    return kept;
  }

  /** Ends all of them, stage by stage; the signal must be aborted. */
  async stop(): Promise<void> {
    for (const stage of stages) {
      await Promise.all((this.#kept.get(stage) ?? []).map((kept) => kept.stop()));
    }
  }

  /** SIGKILL to all that run. */
  kill(): void {
    for (const kept of [...this.#kept.values()].flat()) kept.kill();
  }
}
