import { type Plan, type PlannedRoute, planRoutes } from '@refrain/judgement';
import type { Question } from '../ask.ts';

/** The hops of a request in the order they are tried, and why. */
export interface RoutePlan {
  readonly routes: readonly PlannedRoute[];
  readonly reason: string;
  /** The local models that are asked when all of `routes` failed; what they say is `degraded`, for less was had than was meant. */
  readonly local: readonly PlannedRoute[];
}

/**
 * Step 6: who should answer. Only where the caller left the choice to the router may a local model stand in: a model that was
 * named is not exchanged behind the caller's back.
 * @throws RefrainError `not_found` for a model nobody has, `invalid` for a prompt that fits none.
 */
export function route({ chat, classification, caller, settings }: Question): RoutePlan {
  const { mesh } = settings;
  const plan: Plan = planRoutes(mesh, chat, classification, caller.tier);
  const planned = new Set(plan.routes.map(({ provider, model }) => `${provider}/${model}`));
  const names = chat.model === 'auto' ? mesh.localFallback.filter((name) => !planned.has(name)) : [];
  return { ...plan, local: names.map((name) => toRoute(name, mesh)) };
}

function toRoute(name: string, mesh: Question['settings']['mesh']): PlannedRoute {
  const slash = name.indexOf('/');
  const provider = name.slice(0, slash);
  const model = name.slice(slash + 1);
  const found = mesh.providers[provider]?.models.find((each) => each.name === model);
  return { provider, model, rank: found?.rank ?? 1, price: found?.price };
}
