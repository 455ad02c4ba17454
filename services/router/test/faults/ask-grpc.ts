import { create } from '@bufbuild/protobuf';
import {
  type Answer,
  type Chat,
  ChatSchema,
  CompleteRequestSchema,
  FallbackMode,
  type Provenance,
  Role,
  StreamCompleteRequestSchema,
} from '@refrain/contracts';
import { sourceName } from '../../src/source-name.ts';
import type { TestMesh } from '../start-mesh.ts';
import { type AskOptions, type Finding, type Outcome, Refusal, silentEnd } from './outcome.ts';

type Client = TestMesh['client'];

/** A chat of one message. */
export function chatOf(question: string, model = 'auto'): Chat {
  const parts = [{ content: { case: 'text' as const, value: question } }];
  return create(ChatSchema, { model, messages: [{ role: Role.USER, parts }] });
}

/** Asks for a whole answer. */
export async function askGrpc(client: Client, outcome: Finding, options: AskOptions): Promise<void> {
  const { answer } = await client.complete(create(CompleteRequestSchema, toRequest(outcome, options)), options);
  if (!answer) throw new Refusal({ code: 'empty', reason: 'NO_ANSWER' });
  readAnswer(outcome, answer);
  outcome.text = answer.text;
}

/** Asks for a stream. */
export async function streamGrpc(client: Client, outcome: Finding, options: AskOptions): Promise<void> {
  const request = create(StreamCompleteRequestSchema, toRequest(outcome, options));
  let isWhole = false;
  for await (const { event } of client.streamComplete(request, options)) {
    if (event.case === 'started') {
      outcome.requestId = event.value.requestId;
      readProvenance(outcome, event.value.provenance);
    }
    if (event.case === 'delta') {
      outcome.text += event.value.text;
      options.onText?.(outcome.text);
    }
    if (event.case === 'completed' && event.value.answer) {
      isWhole = true;
      readAnswer(outcome, event.value.answer);
    }
  }
  if (!isWhole) throw silentEnd();
}

function toRequest({ question }: Outcome, { model, noFallback }: AskOptions) {
  const chat = chatOf(question, model);
  return noFallback ? { chat, options: { fallback: FallbackMode.NONE } } : { chat };
}

function readAnswer(outcome: Finding, { cost, provenance, requestId }: Answer): void {
  outcome.requestId = requestId;
  readProvenance(outcome, provenance);
  outcome.nanoUsd = Number(cost?.nanoUsd ?? 0n);
  outcome.savedNanoUsd = Number(cost?.savedNanoUsd ?? 0n);
}

function readProvenance(outcome: Finding, provenance: Provenance | undefined): void {
  if (!provenance) return;
  outcome.source = sourceName(provenance.source);
  outcome.provider = provenance.provider;
  outcome.degraded = provenance.degraded;
  outcome.attempts = provenance.attempts;
}
