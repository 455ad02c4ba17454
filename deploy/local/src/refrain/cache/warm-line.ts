/**
 * A line of a file to warm the cache with, as the store of the answer it stands for. The request in it is made as a door of the router makes
 * it and judged by the same classifier, for a key that differs in one letter would never be asked for.
 */
import { create } from '@bufbuild/protobuf';
import {
  type Chat,
  ChatSchema,
  FinishReason,
  MessageSchema,
  Role,
  Source,
  type StoreRequest,
  StoreRequestSchema,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { admit, applyProfile, createLexicalClassifier, validateChat } from '@refrain/judgement';
import type { MeshConfig } from '@refrain/service';
import { z } from 'zod';

/** What holds for all lines of a file. */
export interface WarmOptions {
  readonly tenant: string;
  /** The model asked for, where a line names none. */
  readonly model: string;
  /** Rank of what answered; absent: of the line's provider in refrain.yaml, and the highest where the operator answers. */
  readonly rank: number | undefined;
  readonly ttlSeconds: number | undefined;
  readonly tags: readonly string[];
  readonly mesh: MeshConfig;
}

/** What a line stands for, or why it stands for nothing. */
export type WarmLine = { readonly request: StoreRequest } | { readonly fault: string };

const text = z.string().refine((value) => value.trim() !== '', 'must not be empty');
const roles = { system: Role.SYSTEM, developer: Role.SYSTEM, user: Role.USER, assistant: Role.ASSISTANT } as const;
/** As the cache takes them. */
const tag = z
  .string()
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u, 'must be 1 to 64 characters, none of them a control character');
const maximumTags = 16;
const message = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: text,
  name: z.string().optional(),
});
const lineSchema = z
  .strictObject({
    question: text.optional(),
    messages: z.array(message).min(1).optional(),
    system: text.optional(),
    model: text.optional(),
    answer: z.string('is missing, or no text').refine((value) => value.trim() !== '', 'must not be empty'),
    /** "<provider>/<model>" that made the answer. */
    provider: z
      .string()
      .regex(/^[a-z0-9-]+\/.+$/, 'write <provider>/<model>')
      .optional(),
    tags: z.array(tag).default([]),
  })
  .refine(({ question, messages }) => (question === undefined) !== (messages === undefined), {
    error: 'needs either question or messages',
  });
type Line = z.output<typeof lineSchema>;

/** Who answered where a line does not say: the operator, who vouches for the file. */
const operator = { provider: 'operator', model: 'warm' };
const highestRank = 5;

/** Reads lines of one file. */
export function createWarmReader(options: WarmOptions): (json: string) => WarmLine {
  const classifier = createLexicalClassifier(options.mesh.classifier);
  return (json) => {
    const parsed = parseLine(json);
    if (typeof parsed === 'string') return { fault: parsed };
    const author = findAuthor(parsed, options);
    if (typeof author === 'string') return { fault: author };
    const chat = toChat(parsed, options);
    if (typeof chat === 'string') return { fault: chat };
    const tags = [...new Set([...options.tags, ...parsed.tags])];
    if (tags.length > maximumTags)
      return { fault: `tags: must not be more than ${maximumTags}, those of --tag included` };
    const classification = classifier.classify(chat);
    const answer = {
      text: parsed.answer,
      finishReason: FinishReason.STOP,
      usage: {},
      cost: {},
      provenance: { source: Source.PROVIDER, ...author.name, reason: 'warm', classification },
      createdAtMs: BigInt(Date.now()),
    };
    const request = create(StoreRequestSchema, {
      tenant: options.tenant,
      chat,
      classification,
      answer,
      rank: author.rank,
      tags,
      ...(options.ttlSeconds !== undefined && { ttlSeconds: options.ttlSeconds }),
    });
    const admission = request.answer ? admit(request.answer) : undefined;
    return admission?.admitted === false ? { fault: `answer: ${admission.reason}, so never kept` } : { request };
  };
}

/** The line's fields, or what is wrong with it. */
function parseLine(json: string): Line | string {
  if (json.includes('\uFFFD')) return 'is not UTF-8';
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // What a parser says of it quotes the line, which may be anything.
    return 'is not JSON';
  }
  const result = lineSchema.safeParse(value);
  if (result.success) return result.data;
  return result.error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}

function findAuthor({ provider }: Line, { rank, mesh }: WarmOptions) {
  if (provider === undefined) return { name: operator, rank: rank ?? highestRank };
  const slash = provider.indexOf('/');
  const name = { provider: provider.slice(0, slash), model: provider.slice(slash + 1) };
  const known = mesh.providers[name.provider]?.models.find((each) => each.name === name.model)?.rank;
  const found = rank ?? known;
  if (found === undefined)
    return `provider: ${provider} is not in refrain.yaml, so its rank is not known; --rank says it`;
  return { name, rank: found };
}

/** The canonical request, or why there is none. */
function toChat(line: Line, options: WarmOptions): Chat | string {
  const { mesh } = options;
  const model = line.model ?? options.model;
  if (!canBeAsked(model, mesh))
    return `model: nobody can ask for ${model}; write auto, a profile, an alias or <provider>/<model>`;
  const asked = line.messages ?? [{ role: 'user' as const, content: line.question ?? '' }];
  const turns = line.system === undefined ? asked : [{ role: 'system' as const, content: line.system }, ...asked];
  const messages = turns.map(({ role, content, name = '' }) =>
    create(MessageSchema, { role: roles[role], parts: [{ content: { case: 'text', value: content } }], name }),
  );
  try {
    const chat = validateChat(create(ChatSchema, { model, messages }));
    applyProfile(chat, mesh.profiles);
    chat.maxTokens = mesh.limits.maxTokens;
    return chat;
  } catch (error) {
    if (!(error instanceof RefrainError)) throw error;
    return error.fields.map(({ field, description }) => `${field} ${description}`).join('; ');
  }
}

function canBeAsked(model: string, { aliases, profiles, providers }: MeshConfig): boolean {
  if (model === 'auto' || Object.hasOwn(profiles, model) || Object.hasOwn(aliases, model)) return true;
  return Object.entries(providers).some(([provider, { models }]) =>
    models.some(({ name }) => `${provider}/${name}` === model),
  );
}
