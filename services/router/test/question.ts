/** What the router's unit tests share: settings, a question as the first three steps leave it, an answer. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Answer,
  AnswerSchema,
  type Chat,
  ChatSchema,
  FinishReason,
  type Options,
  OptionsSchema,
  Role,
  Source,
} from '@refrain/contracts';
import { parseMeshConfig } from '@refrain/service';
import type { Ask, Question } from '../src/ask.ts';
import type { Caller } from '../src/caller.ts';
import { type Settings, toSettings } from '../src/settings.ts';
import { classify } from '../src/steps/classify.ts';

const base = `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 3 }
  basic: { lane: normal, requestsPerMinute: 60 }
  pro: { lane: high, requestsPerMinute: 600 }
  enterprise: { lane: high, requestsPerMinute: 6000 }
providers:
  one: { adapter: openai, keys: ONE, models: [{ name: large, rank: 4, contextTokens: 8000, price: { input: 1000000000, output: 2000000000 } }] }
  two: { adapter: openai, keys: TWO, models: [{ name: large, rank: 3, contextTokens: 8000, price: { input: 100000000, output: 200000000 } }] }
  unpriced: { adapter: openai, keyless: true, models: [{ name: m, rank: 2, contextTokens: 8000 }] }
  local: { adapter: llama, keyless: true, models: [{ name: small, rank: 1, contextTokens: 2000, price: { input: 0, output: 0 } }] }
aliases: { best: [one/large, two/large] }
routes: [{ try: [one/large, two/large] }]
localFallback: [local/small]
templates:
  - { name: hours, pattern: "when do you open", answer: "At nine.", serve: always }
  - { name: apology, pattern: "tell me about {subject}", answer: "Nobody can tell about {subject} now.", serve: fallback }
`;

/** A `refrain.yaml` with the providers `one` and `two`, an unpriced one and a local one; `extra` is added at the end. */
export function yamlOf(extra = ''): string {
  return base + extra;
}

/** The settings it makes. */
export function settingsOf(extra = ''): Settings {
  return toSettings(parseMeshConfig(yamlOf(extra), 'test.yaml'));
}

/** The caller of a question that names none. */
export const caller: Caller = { tenant: 'acme', user: 'ann', tier: 'pro' };

/** A chat with one user message, and whatever else. */
export function chatOf(text: string, more: MessageInitShape<typeof ChatSchema> = {}): Chat {
  const messages = [{ role: Role.USER, parts: [{ content: { case: 'text' as const, value: text } }] }];
  return create(ChatSchema, { messages, ...more });
}

/** What a test changes about a question. */
export interface QuestionInit {
  readonly chat?: MessageInitShape<typeof ChatSchema>;
  readonly options?: MessageInitShape<typeof OptionsSchema>;
  readonly caller?: Partial<Caller>;
  readonly signal?: AbortSignal;
  readonly remainingMs?: number;
  readonly settings?: Settings;
}

/** A question as a face hands it over. */
export function askOf(text: string, init: QuestionInit = {}): Ask {
  const options: Options | undefined = init.options && create(OptionsSchema, init.options);
  return {
    chat: chatOf(text, init.chat),
    options,
    credentials: {},
    signal: init.signal ?? new AbortController().signal,
    remainingMs: init.remainingMs,
    face: 'grpc',
  };
}

/** A question as the first three steps leave it. */
export function questionOf(text: string, init: QuestionInit = {}): Question {
  return classify(askOf(text, init), { ...caller, ...init.caller }, init.settings ?? settingsOf());
}

/** A whole answer of `one/large`, and whatever else. */
export function answerOf(text: string, more: Exclude<MessageInitShape<typeof AnswerSchema>, Answer> = {}): Answer {
  return create(AnswerSchema, {
    text,
    finishReason: FinishReason.STOP,
    usage: { promptTokens: 10, completionTokens: 5 },
    cost: { nanoUsd: 20_000n },
    provenance: { source: Source.PROVIDER, provider: 'one', model: 'large', reason: 'route:text/simple', attempts: 1 },
    ...more,
  });
}

/** Reads all of it. */
export async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(events);
}
