/**
 * The embedder's own process: onnxruntime blocks the event loop while it runs, and several of its threads in one process crash
 * (onnxruntime#24486). One thread; texts of like length together, because a batch is padded to its longest. Argument: the models' folder.
 */
import { env, pipeline } from '@xenova/transformers';
import { dimensions, modelName } from './model.ts';
import type { EmbedReply, EmbedRequest } from './protocol.ts';

const [modelsFolder = ''] = process.argv.slice(2);
const maximumBatch = 16;

env.allowRemoteModels = false;
env.localModelPath = modelsFolder;
const extract = await pipeline('feature-extraction', modelName, {
  dtype: 'q8',
  session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
});

async function embed(texts: readonly string[]): Promise<Float32Array> {
  const vectors = new Float32Array(texts.length * dimensions);
  const byLength = texts.map((_, i) => i).sort((a, b) => (texts[a]?.length ?? 0) - (texts[b]?.length ?? 0));
  for (let from = 0; from < byLength.length; from += maximumBatch) {
    const places = byLength.slice(from, from + maximumBatch);
    const output = await extract(
      places.map((place) => texts[place] ?? ''),
      { pooling: 'mean', normalize: true },
    );
    const data = output.data as Float32Array;
    for (const [row, place] of places.entries()) {
      vectors.set(data.subarray(row * dimensions, (row + 1) * dimensions), place * dimensions);
    }
  }
  return vectors;
}

process.on('message', async ({ id, texts }: EmbedRequest) => {
  let reply: EmbedReply;
  try {
    reply = { id, vectors: await embed(texts) };
  } catch (error) {
    reply = { id, error: (error as Error).message };
  }
  process.send?.(reply);
});
process.once('disconnect', () => process.exit(0));
await embed(['warm up']);
process.send?.({ id: 0, vectors: new Float32Array(0) } satisfies EmbedReply);
