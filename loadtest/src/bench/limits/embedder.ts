/**
 * Limit of everything that has to compute a vector: the embedder's child process itself, asked as the cache asks it: one batch of at
 * most 8 texts at a time, the next one when it is back. Nothing that embeds can be faster than this.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { modelsFolder } from '@refrain/testkit';

/** The child, ready to embed. */
export interface EmbedderLimit {
  /** Its vector. @throws Error where the model would see only a part of it */
  embed(text: string): Promise<Float32Array>;
  stop(): Promise<void>;
}

/** As `services/cache/src/embedder/protocol.ts` has it. */
interface Reply {
  readonly id: number;
  readonly vectors?: Float32Array;
  readonly unusable?: readonly (string | null)[];
  readonly error?: string;
}

const folder = join(import.meta.dirname, '../../../../services/cache/src/embedder');
const maximumBatch = 8;
/** Numbers in a vector. */
export const dimensions = 384;

/** Fetches the model where it is missing, starts the child and waits until it is loaded. @throws Error when it ends before */
export async function startEmbedderLimit(): Promise<EmbedderLimit> {
  const fetching = fork(join(folder, 'fetch-model.main.ts'), [modelsFolder], { stdio: ['ignore', 2, 2, 'ipc'] });
  const [code] = await once(fetching, 'exit');
  if (code !== 0) throw new Error('the embedding model could not be fetched');
  const child = fork(join(folder, 'child.main.ts'), [modelsFolder], { serialization: 'advanced' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let waiting: { text: string; resolve: (vector: Float32Array) => void; reject: (error: Error) => void }[] = [];
  let running: typeof waiting = [];
  let id = 0;
  const sendNext = () => {
    if (running.length > 0 || waiting.length === 0) return;
    running = waiting.slice(0, maximumBatch);
    waiting = waiting.slice(maximumBatch);
    id += 1;
    child.send({ id, texts: running.map(({ text }) => text) });
  };
  const loaded = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the embedder ended while loading its model')));
    child.on('message', (reply: Reply) => {
      if (reply.id === 0) return resolve();
      const batch = running;
      running = [];
      for (const [i, each] of batch.entries()) {
        const vector = reply.vectors?.slice(i * dimensions, (i + 1) * dimensions);
        if (vector && reply.unusable?.[i] === null) each.resolve(vector);
        else each.reject(new Error(reply.error ?? `not embedded: ${reply.unusable?.[i]}`));
      }
      sendNext();
    });
  });
  await loaded;
  return {
    embed: (text) =>
      new Promise((resolve, reject) => {
        waiting.push({ text, resolve, reject });
        sendNext();
      }),
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}
