/** Real Redis, NATS and Chroma for a test: a free port, a folder that goes away with them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  findChroma,
  findNats,
  findRedis,
  freePort,
  type Launch,
  type PartsContext,
  type RunningPart,
  type StartPartOptions,
  startChroma as startChromaPart,
  startNats as startNatsPart,
  startRedis as startRedisPart,
} from '@refrain/parts';

/** A server a test may stop, freeze, kill and bring back on the same address. */
export interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
  /** SIGKILL; data on disk stays. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. With `empty`, without its data. */
  restart(options?: { empty?: boolean }): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
}

const home = resolve(process.env.REFRAIN_HOME ?? join(import.meta.dirname, '../../../.refrain'));

/** Where the servers are that `npm test` and `npm start` have fetched. */
export const partsFolder: string = resolve(process.env.REFRAIN_PARTS ?? join(home, 'parts'));
const context: PartsContext = {
  folder: partsFolder,
  env: process.env,
  say: (line) => process.stderr.write(`${line}\n`),
};

/** Where the models are that `npm test` and `npm start` have fetched. */
export const modelsFolder: string = resolve(process.env.REFRAIN_MODELS ?? join(home, 'models'));

/** A Redis of its own. @throws PartMissing */
export const startRedis = (): Promise<TestServer> => start('redis', findRedis, startRedisPart);
/** A NATS with JetStream of its own. @throws PartMissing */
export const startNats = (): Promise<TestServer> => start('nats', findNats, startNatsPart);
/** A Chroma of its own. @throws PartMissing */
export const startChroma = (): Promise<TestServer> => start('chroma', findChroma, startChromaPart);

async function start(
  name: string,
  find: (context: PartsContext) => Promise<Launch>,
  startPart: (options: StartPartOptions) => Promise<RunningPart>,
): Promise<TestServer> {
  const launch = await find(context);
  const folder = await mkdtemp(join(tmpdir(), `refrain-${name}-`));
  const port = await freePort();
  let part = await startPart({ launch, folder, port });
  return {
    url: part.url,
    stop: async () => {
      await part.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
    kill: async () => {
      part.signal('SIGKILL');
      await part.exited;
    },
    restart: async (options = {}) => {
      if (options.empty) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      part = await startPart({ launch, folder, port });
    },
    freeze: () => part.signal('SIGSTOP'),
    thaw: () => part.signal('SIGCONT'),
  };
}
