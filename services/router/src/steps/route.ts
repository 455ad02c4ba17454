import { type Plan, planRoutes } from '@refrain/judgement';
import type { Question } from '../ask.ts';

/** What the router knows of its providers' pace: milliseconds to the first piece, undefined where it does not. */
export type Pace = (provider: string, model: string) => number | undefined;

/**
 * Step 6: who should answer, in the order they are tried, and why. What a model of `local` says is `degraded`: less was had than was
 * meant.
 * @throws RefrainError `not_found` for a model nobody has, `invalid` for a prompt that fits none.
 */
export function route({ chat, classification, caller, settings }: Question, p50Ms?: Pace): Plan {
  return planRoutes(settings.mesh, { chat, classification, caller, p50Ms });
}
