/** Redis, NATS and Chroma as processes that can be kept. */
import {
  findChroma,
  findNats,
  findRedis,
  freePort,
  type Launch,
  type PartsContext,
  type RunningPart,
  type StartPartOptions,
  startChroma,
  startNats,
  startRedis,
} from '@refrain/parts';
import type { Running } from './kept-process.ts';
import { lastWords, sizeOf } from './log-file.ts';
import { ProcessEnded } from './process-ended.ts';
import type { PartName } from './settings.ts';

/** A part that runs. */
export interface RunningPartProcess extends Running {
  readonly url: string;
  /** For people: where its program came from and its version. */
  readonly origin: string;
}

/** How a part is started. */
export interface PartProgram {
  readonly name: PartName;
  readonly launch: Launch;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

const finders: Readonly<Record<PartName, (context: PartsContext) => Promise<Launch>>> = {
  redis: findRedis,
  nats: findNats,
  chroma: findChroma,
};
const starters: Readonly<Record<PartName, (options: StartPartOptions) => Promise<RunningPart>>> = {
  redis: startRedis,
  nats: startNats,
  chroma: startChroma,
};

/** Finds a part's program or fetches it. @throws PartMissing */
export function findPart(name: PartName, context: PartsContext): Promise<Launch> {
  return finders[name](context);
}

/**
 * A start function for a part. The first start takes the preferred port or, with a word, a free one; every later one the same again, which is where
 * the services look for it.
 */
export function partStarter(program: PartProgram, preferred: number, say: (line: string) => void) {
  let settled: number | undefined;
  return async (signal: AbortSignal): Promise<RunningPartProcess> => {
    const { name, launch, folder, env, logFile } = program;
    const port = settled ?? (await freePort(preferred));
    const logStart = sizeOf(logFile);
    const part = await starters[name]({ launch, folder, port, logFile, env, signal });
    if (settled === undefined && preferred !== 0 && port !== preferred) {
      say(`${name}: port ${preferred} is taken, so it listens on ${port}`);
    }
    settled = port;
    const exited = part.exited.then(
      (how) => new ProcessEnded(name, how, { words: lastWords(logFile, logStart), isFinal: false }),
    );
    const { pid, url } = part;
    return { pid, url, origin: launch.origin, exited, stop: () => part.stop(), kill: () => part.signal('SIGKILL') };
  };
}
