/** What the provider's tests share: a call of an adapter, and what came of it. */
import assert from 'node:assert/strict';
import type { Chat, FinishReason } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { parseMeshConfig, Secret } from '@refrain/service';
import { type ScriptedUpstream, silentLog, type UpstreamKind } from '@refrain/testkit';
import type { Adapter, UsageCounts } from '../src/adapters/adapter.ts';
import { createAdapter } from '../src/adapters/index.ts';
import type { UpstreamFetch } from '../src/upstream/http.ts';

/** The adapter that speaks to a scripted upstream. */
export function adapterFor(kind: UpstreamKind, upstream: ScriptedUpstream, fetch: UpstreamFetch): Adapter {
  const adapter = kind === 'ollama' ? 'llama' : kind;
  const models = '[{ name: some-model, rank: 3, contextTokens: 8192 }]';
  const config = parseMeshConfig(
    `{ version: 1, tiers: { free: { lane: low, requestsPerMinute: 1 }, basic: { lane: low, requestsPerMinute: 1 },
    pro: { lane: low, requestsPerMinute: 1 }, enterprise: { lane: low, requestsPerMinute: 1 } }, routes: [{ try: [it/some-model] }],
    providers: { it: { adapter: ${adapter}, baseUrl: "${upstream.baseUrl}", keys: IT, models: ${models} } } }`,
    'test.yaml',
  ).providers.it;
  assert.ok(config);
  const surroundings = { ollamaUrl: upstream.url, modelsFolder: '/nowhere', fetch, log: silentLog };
  return createAdapter(config, surroundings);
}

/** What an adapter's stream came to. */
export interface Heard {
  readonly text: string;
  readonly deltas: number;
  readonly toolCalls: { id: string; name: string; arguments: string }[];
  readonly usage: UsageCounts;
  readonly finish: FinishReason | undefined;
  readonly model: string | undefined;
  readonly error: RefrainError | undefined;
}

/** Asks and listens to the end, errors included. */
export async function ask(
  adapter: Adapter,
  options: { chat: Chat; fetch: UpstreamFetch; model?: string; signal?: AbortSignal },
): Promise<Heard> {
  const { chat, fetch, model = 'some-model', signal = new AbortController().signal } = options;
  let text = '';
  let deltas = 0;
  let usage: UsageCounts = {};
  let finish: FinishReason | undefined;
  let finalModel: string | undefined;
  let error: RefrainError | undefined;
  const toolCalls: Heard['toolCalls'] = [];
  try {
    for await (const event of adapter.stream({ model, chat }, { fetch, signal, key: new Secret('sk-test-key-123') })) {
      if (event.kind === 'usage') usage = { ...usage, ...event.usage };
      if (event.kind === 'final') {
        finish = event.finishReason;
        finalModel = event.model;
      }
      if (event.kind !== 'delta') continue;
      deltas += 1;
      text += event.delta.text ?? '';
      for (const piece of event.delta.toolCalls ?? []) {
        const index = piece.index ?? 0;
        toolCalls[index] ??= { id: '', name: '', arguments: '' };
        toolCalls[index].id += piece.id ?? '';
        toolCalls[index].name += piece.name ?? '';
        toolCalls[index].arguments += piece.argumentsJson ?? '';
      }
    }
  } catch (thrown) {
    error = thrown as RefrainError;
  }
  return { text, deltas, toolCalls, usage, finish, model: finalModel, error };
}
