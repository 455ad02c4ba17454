import type { Chat, Classification } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { estimateTokens } from './estimate-tokens.ts';
import { meantHint } from './meant-name.ts';
import type { Price } from './money.ts';
import { type ComplexityName, complexityName, type TaskName, taskName } from './names.ts';
import {
  type Candidate,
  type CandidateName,
  type CandidateVerdict,
  candidateVerdicts,
  type Demands,
  estimateNanoUsd,
  judgeCandidate,
  orderCandidates,
} from './policy.ts';
import { needOf } from './policy-dial.ts';
import { conversationKey, isAmong } from './policy-draw.ts';
import type { Profile } from './policy-profile.ts';
import { textOf } from './question.ts';

/** The part of `refrain.yaml` that routes. */
export interface RoutingTable {
  readonly providers: Readonly<
    Record<
      string,
      {
        /** It needs no key: a local server. */
        readonly keyless?: boolean | undefined;
        readonly models: readonly {
          readonly name: string;
          readonly rank: number;
          readonly contextTokens: number;
          readonly price?: Price | undefined;
        }[];
      }
    >
  >;
  readonly policy: { readonly dial?: number | undefined };
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly routes: readonly (Demands & {
    readonly when: {
      readonly task?: readonly TaskName[] | undefined;
      readonly complexity?: readonly ComplexityName[] | undefined;
      readonly tier?: readonly string[] | undefined;
      readonly percent?: number | undefined;
    };
    readonly try: readonly CandidateName[];
  })[];
  readonly localFallback: readonly string[];
}

/** One hop. */
export interface PlannedRoute {
  readonly provider: string;
  readonly model: string;
  readonly rank: number;
  readonly price: Price | undefined;
}

/** A model that was thought of, and what became of it. */
export interface Considered extends PlannedRoute {
  readonly verdict: CandidateVerdict;
}

/** The hops in the order they are tried. */
export interface Plan {
  readonly routes: readonly PlannedRoute[];
  /** The local models that are asked when all of `routes` failed. */
  readonly local: readonly PlannedRoute[];
  /** "pinned", "alias:<name>", "profile:<name>" or "route:<task>/<complexity>". */
  readonly reason: string;
  /** All of them, in the order they were written. */
  readonly considered: readonly Considered[];
}

/** Who asks what, and what the router knows of those it may ask. */
export interface Request {
  readonly chat: Chat;
  readonly classification: Classification;
  readonly caller: { readonly tenant: string; readonly user: string; readonly tier: string };
  readonly p50Ms?: ((provider: string, model: string) => number | undefined) | undefined;
}

/**
 * Who should answer. Only where the choice was left to the router, or a profile was asked for, may a local model stand in: a model that
 * was named is not exchanged behind the caller's back.
 * @throws RefrainError `not_found` for a model nobody has; `invalid`, reason CONTEXT_LENGTH_EXCEEDED, when the prompt fits no route.
 */
export function planRoutes(table: RoutingTable, request: Request): Plan {
  const { chat, classification } = request;
  const { demands, names, reason, standIns } = choose(table, request);
  const tokens = promptTokens(chat);
  const consider = (all: readonly CandidateName[], wanted: Demands) => {
    const found = findCandidates(table, all, chat, tokens);
    return found.map((candidate) => ({
      candidate,
      verdict: judgeCandidate(candidate, wanted, tokens + (chat.maxTokens ?? 0)),
    }));
  };
  const onRoute = consider(names, demands);
  const routes = orderCandidates(keptOf(onRoute), demands, {
    dial: reason.startsWith('route:') ? table.policy.dial : undefined,
    need: needOf(classification),
    conversation: () => conversationKey(request.caller, chat),
    p50Ms: request.p50Ms ?? (() => undefined),
  });
  const isPlanned = ({ model, provider }: Candidate) =>
    routes.some((each) => each.provider === provider && each.model === model);
  const inReserve = consider(standIns, {}).filter(({ candidate }) => !isPlanned(candidate));
  const local = keptOf(inReserve);
  const isTooLong = onRoute.some(({ verdict }) => verdict === candidateVerdicts.context);
  if (routes.length + local.length === 0 && isTooLong) {
    const longest = Math.max(...onRoute.map(({ candidate }) => candidate.contextTokens));
    throw tooLong(tokens, chat.maxTokens ?? 0, longest);
  }
  const all = [...onRoute, ...inReserve];
  const considered = all.map(({ candidate, verdict }) => ({ ...toRoute(candidate), verdict }));
  return { routes: routes.map(toRoute), local: local.map(toRoute), reason, considered };
}

/** What a picture of ordinary size costs about. */
const tokensPerImage = 800;
/** A message's role and its ends. */
const tokensPerMessage = 4;

/** The prompt's tokens, tools and pictures included, estimated in the middle. */
export function promptTokens({ messages, responseFormat, tools }: Chat): number {
  let total = estimateTokens(responseFormat?.schemaJson ?? '');
  for (const message of messages) {
    total += estimateTokens(textOf(message)) + tokensPerMessage;
    for (const { content } of message.parts) if (content.case === 'image') total += tokensPerImage;
    for (const call of message.toolCalls) total += estimateTokens(`${call.name} ${call.argumentsJson}`);
  }
  for (const tool of tools) total += estimateTokens(`${tool.name} ${tool.description} ${tool.parametersJson}`);
  return total;
}

interface Choice {
  readonly names: readonly CandidateName[];
  readonly demands: Demands;
  readonly reason: string;
  /** Local models that may answer when the others failed. */
  readonly standIns: readonly string[];
}

function choose(table: RoutingTable, request: Request): Choice {
  const { model } = request.chat;
  if (model === '' || model === 'auto') {
    const task = taskName(request.classification.task);
    const complexity = complexityName(request.classification.complexity);
    const rule = table.routes.find(({ when }) => {
      const isMeant =
        (when.task?.includes(task) ?? true) &&
        (when.complexity?.includes(complexity) ?? true) &&
        (when.tier?.includes(request.caller.tier) ?? true);
      if (!isMeant || when.percent === undefined) return isMeant;
      return isAmong(when.percent, JSON.stringify(when), conversationKey(request.caller, request.chat));
    });
    const reason = `route:${task}/${complexity}`;
    return { names: rule?.try ?? [], demands: rule ?? {}, reason, standIns: table.localFallback };
  }
  const profile = Object.hasOwn(table.profiles, model) ? table.profiles[model] : undefined;
  if (profile) {
    return { names: profile.try, demands: {}, reason: `profile:${model}`, standIns: table.localFallback };
  }
  const alias = Object.hasOwn(table.aliases, model) ? table.aliases[model] : undefined;
  if (alias) return { names: alias, demands: {}, reason: `alias:${model}`, standIns: [] };
  if (isPinned(table, model)) return { names: [model], demands: {}, reason: 'pinned', standIns: [] };
  throw unknownModel(table, model);
}

function unknownModel(table: RoutingTable, model: string): RefrainError {
  const known = ['auto', ...Object.keys(table.profiles), ...Object.keys(table.aliases)];
  const pins = Object.entries(table.providers).flatMap(([provider, { models }]) =>
    models.map(({ name }) => `${provider}/${name}`),
  );
  const hint = meantHint(model, [...known, ...pins]);
  return new RefrainError(
    'not_found',
    `There is no model ${model.slice(0, 100)}. ${hint}Ask for ${known.join(', ')} or <provider>/<model>.`,
    {
      reason: 'MODEL_NOT_FOUND',
      fields: [{ field: 'model', description: 'is not known' }],
    },
  );
}

/** Whether a name stands for one model of one provider, `<provider>/<model>`, and for no profile or alias. */
export function isPinned(
  { aliases, profiles, providers }: Pick<RoutingTable, 'aliases' | 'profiles' | 'providers'>,
  model: string,
): boolean {
  return (
    !Object.hasOwn(profiles, model) && !Object.hasOwn(aliases, model) && findModel({ providers }, model) !== undefined
  );
}

/** Each model once, where it is named first. */
function findCandidates(
  table: RoutingTable,
  names: readonly CandidateName[],
  chat: Chat,
  tokens: number,
): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const each of names) {
    const { model: name, weight } = typeof each === 'string' ? { model: each, weight: undefined } : each;
    const model = findModel(table, name);
    if (!model || found.has(name)) continue;
    const counts = { promptTokens: tokens, completionTokens: chat.maxTokens ?? 0 };
    const nanoUsd = model.price && estimateNanoUsd(counts, model.price);
    found.set(name, { ...model, weight, nanoUsd });
  }
  return [...found.values()];
}

function findModel(table: Pick<RoutingTable, 'providers'>, name: string) {
  const slash = name.indexOf('/');
  const provider = name.slice(0, slash);
  const section = slash > 0 && Object.hasOwn(table.providers, provider) ? table.providers[provider] : undefined;
  const model = section?.models.find((each) => each.name === name.slice(slash + 1));
  if (!model) return undefined;
  const { contextTokens, price, rank } = model;
  return { provider, model: model.name, rank, price, contextTokens, isLocal: section?.keyless ?? false };
}

function keptOf(judged: readonly { readonly candidate: Candidate; readonly verdict: CandidateVerdict }[]): Candidate[] {
  return judged.flatMap(({ candidate, verdict }) => (verdict === candidateVerdicts.kept ? [candidate] : []));
}

function toRoute({ model, price, provider, rank }: Candidate): PlannedRoute {
  return { provider, model, rank, price };
}

/** What is too long is the prompt, or the answer that is asked for: each is told by its own field. */
function tooLong(tokens: number, answerTokens: number, contextTokens: number): RefrainError {
  const isPrompt = tokens > contextTokens;
  const subject = `The prompt of about ${tokens} tokens${isPrompt ? '' : ` with an answer of ${answerTokens}`}`;
  return new RefrainError('invalid', `${subject} fits the context of no model on its route.`, {
    reason: 'CONTEXT_LENGTH_EXCEEDED',
    fields: [{ field: isPrompt ? 'messages' : 'max_tokens', description: 'is too long for every model on its route' }],
  });
}
