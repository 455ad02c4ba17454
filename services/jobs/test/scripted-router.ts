/** A router that says what a test wants, behind a real gRPC door. */
import { create } from '@bufbuild/protobuf';
import {
  type Answer,
  AnswerSchema,
  type CompleteRequest,
  CompleteResponseSchema,
  ExplainResponseSchema,
  FeedbackResponseSchema,
  FinishReason,
  RouterService,
  Source,
} from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { type CallContext, service, startGrpcServer } from '@refrain/rpc';
import { readVouched, type Secret, type Vouched } from '@refrain/service';

/** A question as the router got it. */
export interface Asked {
  readonly text: string;
  readonly request: CompleteRequest;
  /** For whom; undefined where nobody vouched. */
  readonly caller: Vouched | undefined;
}

/** What it does about a question: an answer's text, an error, or as long as it takes until the caller leaves. */
export type Script = (asked: Asked, signal: AbortSignal) => Promise<string | RefrainError> | string | RefrainError;

/** The router. */
export interface ScriptedRouter {
  readonly address: string;
  /** Everything it was asked, in order. */
  readonly asked: Asked[];
  /** Asked questions that hold this text. */
  count(text: string): number;
  script: Script;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startScriptedRouter(meshSecret: Secret): Promise<ScriptedRouter> {
  const asked: Asked[] = [];
  const router = { script: ((): string => 'An answer.') as Script };
  const complete = async (request: CompleteRequest, context: CallContext) => {
    const caller = readVouched((name) => context.header(name), meshSecret);
    const part = request.chat?.messages.at(-1)?.parts[0]?.content;
    const question = { text: part?.case === 'text' ? part.value : '', request, caller };
    asked.push(question);
    const said = await router.script(question, context.signal);
    if (typeof said !== 'string') throw said;
    return create(CompleteResponseSchema, { answer: answerOf(said) });
  };
  const registered = service(RouterService, {
    complete,
    streamComplete: async function* () {},
    explain: async () => create(ExplainResponseSchema),
    feedback: async () => create(FeedbackResponseSchema),
  });
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0, services: [registered] });
  return Object.assign(router, {
    address: `127.0.0.1:${server.port}`,
    asked,
    count: (text: string) => asked.filter((each) => each.text.includes(text)).length,
    stop: () => server.drain(0),
  });
}

function answerOf(text: string): Answer {
  return create(AnswerSchema, {
    text,
    requestId: 'r',
    finishReason: FinishReason.STOP,
    usage: { promptTokens: 10, completionTokens: 5 },
    cost: { nanoUsd: 20_000n },
    provenance: { source: Source.PROVIDER, provider: 'one', model: 'large' },
  });
}
