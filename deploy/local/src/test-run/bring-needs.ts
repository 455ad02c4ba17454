import { fetchEmbeddingModel, fetchLocalModel } from '../start/fetch-models.ts';
import { findPart } from '../start/part-process.ts';
import type { Screen } from '../start/screen.ts';
import type { Settings } from '../start/settings.ts';
import type { Need } from './files.ts';

/** Finds or fetches what tests stand on, all at once and as `npm start` does; gives what is not to be had, with the reason. */
export async function bringNeeds(
  needs: readonly Need[],
  { settings, screen, signal }: { settings: Settings; screen: Screen; signal: AbortSignal },
): Promise<Map<Need, string>> {
  const { home } = settings;
  const { say } = screen;
  const fetching = { folder: home.models, env: process.env, say, signal };
  const bring = async (need: Need): Promise<void> => {
    if (need === 'embedding model' || need === 'local model') {
      const fetchIt = need === 'local model' ? fetchLocalModel : fetchEmbeddingModel;
      if (!(await fetchIt(fetching))) throw new Error('is not to be had, see above');
    } else {
      await findPart(need, { folder: home.parts, env: process.env, say, signal });
    }
  };
  const missing = new Map<Need, string>();
  const works = needs.map(async (need) => {
    try {
      await screen.during(`${need}: checking or fetching it`, bring(need));
    } catch (error) {
      signal.throwIfAborted();
      missing.set(need, (error as Error).message);
    }
  });
  await Promise.all(works);
  return missing;
}
