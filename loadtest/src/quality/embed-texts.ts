/** Embeds texts with the cache's own embedder, run as the child process that the cache runs, and keeps what it gets on disk. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { embeddedForm } from '@refrain/judgement';
import { dimensions, type Embedding, VectorFile } from './vector-file.ts';

type Reply =
  | { readonly id: number; readonly vectors: Float32Array; readonly unusable: readonly (string | null)[] }
  | { readonly id: number; readonly error: string };

const root = join(import.meta.dirname, '../../..');
const embedder = join(root, 'services/cache/src/embedder');
const batch = 64;

/** Looks a text's vector up. @throws Error for a text that was not among those embedded */
export type Vectors = (text: string) => Embedding;

/** Embeds what is not on disk yet; `home` is the folder of models and of the kept vectors. @throws Error where the model fails */
export async function embedTexts(texts: Iterable<string>, home: string, say: (line: string) => void): Promise<Vectors> {
  const file = new VectorFile(join(home, 'quality/all-MiniLM-L6-v2.int8.vectors'));
  // Texts of like length together: a batch is padded to its longest.
  const missing = [...new Set([...texts].map(embeddedForm))]
    .filter((text) => !file.get(text))
    .sort((a, b) => a.length - b.length);
  if (missing.length > 0) await embedMissing(missing, file, home, say);
  file.close();
  return (text) => {
    const known = file.get(embeddedForm(text));
    if (!known) throw new Error(`not embedded: ${text.slice(0, 80)}`);
    return known;
  };
}

async function embedMissing(
  missing: readonly string[],
  file: VectorFile,
  home: string,
  say: (line: string) => void,
): Promise<void> {
  say(`${missing.length} texts to embed`);
  const models = join(home, 'models');
  await runToEnd(join(embedder, 'fetch-model.main.ts'), models);
  const child = fork(join(embedder, 'child.main.ts'), [models], { serialization: 'advanced' });
  try {
    await nextReply(child);
    const began = performance.now();
    let told = began;
    for (let from = 0; from < missing.length; from += batch) {
      const part = missing.slice(from, from + batch);
      child.send({ id: from + 1, texts: part });
      const reply = await nextReply(child);
      if ('error' in reply) throw new Error(`the embedder failed: ${reply.error}`);
      for (const [i, text] of part.entries()) {
        const why = reply.unusable[i];
        const vector = reply.vectors.slice(i * dimensions, (i + 1) * dimensions);
        file.set(text, why === 'too_long' || why === 'unknown_symbols' ? why : vector);
      }
      if (performance.now() - told < 5000) continue;
      told = performance.now();
      const done = from + part.length;
      say(`embedded ${done} of ${missing.length}, ${Math.round((done * 1000) / (told - began))} a second`);
    }
  } finally {
    child.disconnect();
  }
}

function nextReply(child: ChildProcess): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the embedder ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (reply) => {
      child.off('exit', onExit);
      resolve(reply as Reply);
    });
  });
}

function runToEnd(program: string, ...args: string[]): Promise<void> {
  const child = fork(program, args);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))));
  });
}
