import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { guarded } from '@refrain/parts';
import { root } from '../check/step.ts';

/** How models are fetched. */
export interface FetchOptions {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Brings the embedding model for the semantic level; false when it is not to be had, after saying why. */
export function fetchEmbeddingModel(options: FetchOptions): Promise<boolean> {
  return runFetcher('embedding model', 'services/cache/src/embedder/fetch-model.main.ts', options);
}

/** Brings the small local Llama; false when it is not to be had, after saying why. */
export function fetchLocalModel(options: FetchOptions): Promise<boolean> {
  return runFetcher('local model', 'services/provider/src/adapters/llama/fetch-model.main.ts', options);
}

/** Whether an Ollama server answers. */
export async function hasOllama(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/api/tags', url), { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // No server there is the usual case, not a fault.
    return false;
  }
}

/** Runs a service's own program that brings a model into a folder: what a service needs is its own knowledge. */
async function runFetcher(name: string, entry: string, { folder, env, say, signal }: FetchOptions): Promise<boolean> {
  signal.throwIfAborted();
  const [program, parameters] = guarded(process.execPath, [join(root, entry), folder]);
  const child = spawn(program, parameters, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = () => child.kill();
  signal.addEventListener('abort', end);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  createInterface({ input: child.stderr }).on('line', (line) => say(`${name}: ${line}`));
  try {
    return (await ended) === 0;
  } finally {
    signal.removeEventListener('abort', end);
    signal.throwIfAborted();
  }
}
