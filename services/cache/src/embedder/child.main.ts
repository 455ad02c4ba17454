/**
 * The embedder's own process: onnxruntime blocks the event loop while it runs, and several of its threads in one process crash
 * (onnxruntime#24486). One thread; texts of like length together, because a batch is padded to its longest. Argument: the models' folder.
 */
import { env, pipeline } from '@xenova/transformers';
import { dimensions, maximumTokens, modelName } from './model.ts';
import type { EmbedReply, EmbedRequest, Unusable } from './protocol.ts';

const [modelsFolder = ''] = process.argv.slice(2);
/** More at once is no faster (measured: 8 texts 43 ms, 32 texts 180 ms), and the first would wait for the last. */
const maximumBatch = 8;

env.allowRemoteModels = false;
env.localModelPath = modelsFolder;
const extract = await pipeline('feature-extraction', modelName, {
  dtype: 'q8',
  session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
});
const { tokenizer } = extract;

interface Checked {
  readonly tokens: number;
  readonly unusable: Unusable | null;
}

function check(text: string): Checked {
  const { input_ids: ids } = tokenizer(text, { padding: false, truncation: false, return_tensor: false }) as {
    input_ids: number[];
  };
  if (ids.length > maximumTokens) return { tokens: ids.length, unusable: 'too_long' };
  return { tokens: ids.length, unusable: ids.includes(tokenizer.unk_token_id) ? 'unknown_symbols' : null };
}

async function embed(texts: readonly string[]): Promise<{ vectors: Float32Array; unusable: (Unusable | null)[] }> {
  const vectors = new Float32Array(texts.length * dimensions);
  const checked = texts.map(check);
  const byLength = checked
    .flatMap(({ tokens, unusable }, place) => (unusable ? [] : [{ tokens, place }]))
    .sort((a, b) => a.tokens - b.tokens);
  for (let from = 0; from < byLength.length; from += maximumBatch) {
    const batch = byLength.slice(from, from + maximumBatch);
    const output = await extract(
      batch.map(({ place }) => texts[place] ?? ''),
      { pooling: 'mean', normalize: true },
    );
    const data = output.data as Float32Array;
    for (const [row, { place }] of batch.entries()) {
      vectors.set(data.subarray(row * dimensions, (row + 1) * dimensions), place * dimensions);
    }
  }
  return { vectors, unusable: checked.map(({ unusable }) => unusable) };
}

process.on('message', async ({ id, texts }: EmbedRequest) => {
  let reply: EmbedReply;
  try {
    reply = { id, ...(await embed(texts)) };
  } catch (error) {
    reply = { id, error: (error as Error).message };
  }
  process.send?.(reply);
});
process.once('disconnect', () => process.exit(0));
const { vectors, unusable } = await embed(['warm up']);
process.send?.({ id: 0, vectors, unusable } satisfies EmbedReply);
