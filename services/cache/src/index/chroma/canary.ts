/**
 * Whether Chroma finds: a server with a broken index answers heartbeats, and 500 or the wrong neighbours to every query. So a collection
 * of three known vectors is asked, as a lookup would ask, for the one that is nearest.
 */
import { dimensions } from '../../embedder/model.ts';
import type { Vector } from '../../embedder/vector.ts';
import { type ChromaCollection, type ChromaServer, isBroken, isGone } from './chroma-server.ts';
import { canaryName } from './collection-names.ts';

/** It sings; it does not answer in time; or what it once was given is gone or wrong, and so may all else be. */
export type Song = 'right' | 'late' | 'lost';

const known: readonly Vector[] = ['left', 'middle', 'right'].map((id, at) => ({ id, vector: axis(at) }));
/** Nearest to the middle one. */
const question: Float32Array = axis(1).map((each, at) => (at === 0 ? 0.6 : each * 0.8));

/** The canary of one server. */
export class Canary {
  readonly #server: ChromaServer;
  #collection: ChromaCollection | undefined;

  constructor(server: ChromaServer) {
    this.#server = server;
  }

  /** Asks; makes the collection where it is not known. */
  async ask(): Promise<Song> {
    try {
      this.#collection ??= await this.#make();
      const [nearest] = await this.#collection.query(question, 1);
      if (nearest === 'middle') return 'right';
      await this.#server.delete(canaryName);
    } catch (error) {
      // Where it cannot even be deleted, the next one is as broken, and is heard to be.
      if (isBroken(error)) await this.#server.delete(canaryName).catch(() => undefined);
      else if (!isGone(error)) return 'late';
    }
    // The next beat makes another, and hears whether that one sings.
    this.#collection = undefined;
    return 'lost';
  }

  async #make(): Promise<ChromaCollection> {
    const collection = await this.#server.open(canaryName);
    await collection.upsert(known);
    return collection;
  }
}

function axis(at: number): Float32Array {
  const vector = new Float32Array(dimensions);
  vector[at] = 1;
  return vector;
}
