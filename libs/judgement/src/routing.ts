import type { Chat, Classification } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { estimateTokens, type Price } from './money.ts';
import { type ComplexityName, complexityName, type TaskName, taskName } from './names.ts';
import { textOf } from './question.ts';

/** The part of `refrain.yaml` that routes. */
export interface RoutingTable {
  readonly providers: Readonly<
    Record<
      string,
      {
        readonly models: readonly {
          readonly name: string;
          readonly rank: number;
          readonly contextTokens: number;
          readonly price?: Price | undefined;
        }[];
      }
    >
  >;
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly routes: readonly {
    readonly when: {
      readonly task?: readonly TaskName[] | undefined;
      readonly complexity?: readonly ComplexityName[] | undefined;
      readonly tier?: readonly string[] | undefined;
    };
    readonly try: readonly string[];
  }[];
}

/** One hop. */
export interface PlannedRoute {
  readonly provider: string;
  readonly model: string;
  readonly rank: number;
  readonly price: Price | undefined;
}

/** The hops in the order they are tried. */
export interface Plan {
  readonly routes: readonly PlannedRoute[];
  /** "pinned", "alias:<name>" or "route:<task>/<complexity>". */
  readonly reason: string;
}

/**
 * Who should answer.
 * @throws RefrainError `not_found` for a model nobody has; `invalid`, reason CONTEXT_LENGTH_EXCEEDED, when the prompt fits no route.
 */
export function planRoutes(table: RoutingTable, chat: Chat, classification: Classification, tier: string): Plan {
  const { names, reason } = chooseNames(table, chat.model, classification, tier);
  const needed = promptTokens(chat);
  const routes: PlannedRoute[] = [];
  let tooSmall = 0;
  for (const name of names) {
    const route = findModel(table, name);
    if (!route) continue;
    if (route.contextTokens < needed + (chat.maxTokens ?? 0)) tooSmall += 1;
    else routes.push({ provider: route.provider, model: route.model, rank: route.rank, price: route.price });
  }
  if (routes.length === 0 && tooSmall > 0) {
    throw new RefrainError(
      'invalid',
      `The prompt of about ${needed} tokens fits the context of no model on its route.`,
      {
        reason: 'CONTEXT_LENGTH_EXCEEDED',
        fields: [{ field: 'messages', description: 'is too long for every model on its route' }],
      },
    );
  }
  return { routes, reason };
}

/** The prompt's tokens, estimated upward. */
export function promptTokens(chat: Chat): number {
  let total = 0;
  for (const message of chat.messages) total += estimateTokens(textOf(message)) + 4;
  return total;
}

function chooseNames(
  table: RoutingTable,
  model: string,
  classification: Classification,
  tier: string,
): { names: readonly string[]; reason: string } {
  if (model === '' || model === 'auto') {
    const task = taskName(classification.task);
    const complexity = complexityName(classification.complexity);
    const rule = table.routes.find(
      ({ when }) =>
        (when.task?.includes(task) ?? true) &&
        (when.complexity?.includes(complexity) ?? true) &&
        (when.tier?.includes(tier) ?? true),
    );
    return { names: rule?.try ?? [], reason: `route:${task}/${complexity}` };
  }
  const alias = Object.hasOwn(table.aliases, model) ? table.aliases[model] : undefined;
  if (alias) return { names: alias, reason: `alias:${model}` };
  if (findModel(table, model)) return { names: [model], reason: 'pinned' };
  const known = ['auto', ...Object.keys(table.aliases)].join(', ');
  throw new RefrainError(
    'not_found',
    `There is no model ${model.slice(0, 100)}. Ask for ${known} or <provider>/<model>.`,
    {
      reason: 'MODEL_NOT_FOUND',
      fields: [{ field: 'model', description: 'is not known' }],
    },
  );
}

function findModel(table: RoutingTable, name: string) {
  const slash = name.indexOf('/');
  const provider = name.slice(0, slash);
  const models = slash > 0 && Object.hasOwn(table.providers, provider) ? table.providers[provider]?.models : undefined;
  const model = models?.find((each) => each.name === name.slice(slash + 1));
  return (
    model && { provider, model: model.name, rank: model.rank, price: model.price, contextTokens: model.contextTokens }
  );
}
