/** The gRPC door: translates to and from the canonical request and decides nothing. */
import { create } from '@bufbuild/protobuf';
import {
  type CompleteRequest,
  CompleteResponseSchema,
  RouterService,
  type StreamCompleteResponse,
  StreamCompleteResponseSchema,
} from '@refrain/contracts';
import { type CallContext, type GrpcServerOptions, type RegisteredService, service } from '@refrain/rpc';
import { type Logger, readVouched, type Secret } from '@refrain/service';
import type { Ask } from '../ask.ts';
import type { Credentials } from '../caller.ts';
import type { Pipeline } from '../pipeline.ts';
import { collect, type Reply } from '../reply.ts';
import { readApiKey } from './api-key.ts';

/** RouterService over the pipeline. With the mesh's secret another service may ask in a caller's name: here and at no other door. */
export function createGrpcFace(pipeline: Pipeline, meshSecret: Secret | undefined): RegisteredService {
  const toAsk = (request: Pick<CompleteRequest, 'chat' | 'options'>, context: CallContext) =>
    askOf(request, context, readCredentials(context, meshSecret));
  return service(RouterService, {
    complete: async (request, context) => {
      const reply = await pipeline.ask(toAsk(request, context));
      return create(CompleteResponseSchema, { answer: await collect(reply) });
    },
    streamComplete: async function* (request, context) {
      yield* toStream(await pipeline.ask(toAsk(request, context)));
    },
    explain: (request, context) => pipeline.explain(toAsk(request, context)),
    feedback: (request, context) => pipeline.feedback(readCredentials(context, meshSecret), request),
  });
}

/** `started`, the deltas, `completed`; the last carries everything but the text, which the deltas carried. */
export async function* toStream(reply: Reply): AsyncGenerator<StreamCompleteResponse> {
  const { provenance, requestId } = reply;
  yield create(StreamCompleteResponseSchema, { event: { case: 'started', value: { requestId, provenance } } });
  for await (const event of reply.events()) {
    if (event.kind === 'delta') {
      yield create(StreamCompleteResponseSchema, { event: { case: 'delta', value: event.delta } });
    } else {
      const answer = { ...event.answer, text: '', toolCalls: [] };
      yield create(StreamCompleteResponseSchema, { event: { case: 'completed', value: { answer } } });
    }
  }
}

/** Logs what only a bug of ours can be: its caller hears nothing of it. */
export function logBugs(log: Logger): NonNullable<GrpcServerOptions['observe']> {
  return (method, code, _milliseconds, error) => {
    if (code === 'internal') log.error({ err: error?.cause ?? error, method }, 'grpc request failed');
  };
}

function askOf(
  { chat, options }: Pick<CompleteRequest, 'chat' | 'options'>,
  context: CallContext,
  credentials: Credentials,
): Ask {
  return {
    chat,
    options,
    credentials,
    get signal() {
      return context.signal;
    },
    remainingMs: context.remainingMs,
    face: 'grpc',
  };
}

function readCredentials(context: CallContext, meshSecret: Secret | undefined): Credentials {
  const header = (name: string) => context.header(name);
  return { apiKey: readApiKey(header), vouched: readVouched(header, meshSecret) };
}
