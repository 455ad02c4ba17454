/** Asks by each of the router's doors; whatever comes of it, an error included, is one outcome that a test can judge. */
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
import { RefrainError } from '@refrain/errors';
import { sourceName } from '../../src/source-name.ts';
import type { TestMesh } from '../start-mesh.ts';

/** The doors, whole and streamed. */
export type Door = 'http' | 'http-stream' | 'grpc' | 'grpc-stream';

/** All of them. */
export const doors: readonly Door[] = ['http', 'http-stream', 'grpc', 'grpc-stream'];

/** How a question ended. */
export interface Outcome {
  readonly door: Door;
  readonly question: string;
  /** Ours; empty where none was told. */
  readonly requestId: string;
  /** All that was said, also where it broke off. */
  readonly text: string;
  /** `exact`, `provider`…; empty where nobody answered. */
  readonly source: string;
  readonly provider: string;
  readonly degraded: boolean;
  readonly attempts: number;
  readonly nanoUsd: number;
  readonly savedNanoUsd: number;
  /** Absent where the answer came to its own end. */
  readonly error?: { readonly code: string; readonly reason: string; readonly retryAfterMs?: number | undefined };
}

/** What a test may set of a question. */
export interface AskOptions {
  readonly model?: string;
  /** Rather the error than a template. */
  readonly noFallback?: boolean;
  readonly signal?: AbortSignal;
  /** Called with all that was said so far, at each piece. */
  readonly onText?: (text: string) => void;
}

type Mutable = { -readonly [K in keyof Outcome]: Outcome[K] };

/** Asks and waits for the end; never rejects. */
export async function ask(
  mesh: Pick<TestMesh, 'http' | 'client'>,
  door: Door,
  question: string,
  options: AskOptions = {},
): Promise<Outcome> {
  const outcome: Mutable = {
    door,
    question,
    requestId: '',
    text: '',
    source: '',
    provider: '',
    degraded: false,
    attempts: 0,
    nanoUsd: 0,
    savedNanoUsd: 0,
  };
  try {
    if (door === 'http') await askHttp(mesh.http, outcome, options);
    else if (door === 'http-stream') await streamHttp(mesh.http, outcome, options);
    else if (door === 'grpc') await askGrpc(mesh, outcome, options);
    else await streamGrpc(mesh, outcome, options);
  } catch (thrown) {
    outcome.error = toError(thrown);
  }
  return outcome;
}

/** A chat of one message. */
export function chatOf(question: string, model = 'auto'): Chat {
  const parts = [{ content: { case: 'text' as const, value: question } }];
  return create(ChatSchema, { model, messages: [{ role: Role.USER, parts }] });
}

async function askGrpc(mesh: Pick<TestMesh, 'client'>, outcome: Mutable, options: AskOptions): Promise<void> {
  const { answer } = await mesh.client.complete(create(CompleteRequestSchema, toRequest(outcome, options)), options);
  if (!answer) throw new RefrainError('internal', 'no answer', { reason: 'NO_ANSWER' });
  readAnswer(outcome, answer);
  outcome.text = answer.text;
}

async function streamGrpc(mesh: Pick<TestMesh, 'client'>, outcome: Mutable, options: AskOptions): Promise<void> {
  const request = create(StreamCompleteRequestSchema, toRequest(outcome, options));
  let isWhole = false;
  for await (const { event } of mesh.client.streamComplete(request, options)) {
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

function readAnswer(outcome: Mutable, { cost, provenance, requestId }: Answer): void {
  outcome.requestId = requestId;
  readProvenance(outcome, provenance);
  outcome.nanoUsd = Number(cost?.nanoUsd ?? 0n);
  outcome.savedNanoUsd = Number(cost?.savedNanoUsd ?? 0n);
}

function readProvenance(outcome: Mutable, provenance: Provenance | undefined): void {
  if (!provenance) return;
  outcome.source = sourceName(provenance.source);
  outcome.provider = provenance.provider;
  outcome.degraded = provenance.degraded;
  outcome.attempts = provenance.attempts;
}

async function askHttp(http: string, outcome: Mutable, options: AskOptions): Promise<void> {
  const response = await post(http, { ...toBody(outcome, options), stream: false }, options);
  const body = (await response.json()) as { choices: { message: { content: string } }[]; refrain: Refrain };
  readHeaders(outcome, response.headers);
  readRefrain(outcome, body.refrain);
  outcome.text = body.choices[0]?.message.content ?? '';
}

async function streamHttp(http: string, outcome: Mutable, options: AskOptions): Promise<void> {
  const response = await post(http, { ...toBody(outcome, options), stream: true }, options);
  readHeaders(outcome, response.headers);
  const decoder = new TextDecoder();
  let waiting = '';
  for await (const bytes of response.body ?? []) {
    const lines = (waiting + decoder.decode(bytes, { stream: true })).split('\n\n');
    waiting = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'data: [DONE]') return;
      const event = JSON.parse(line.slice('data: '.length)) as StreamEvent;
      if (event.error) throw refused(200, event.error);
      outcome.text += event.choices?.[0]?.delta.content ?? '';
      options.onText?.(outcome.text);
      if (event.refrain) readRefrain(outcome, event.refrain);
    }
  }
  throw silentEnd();
}

interface HttpError {
  readonly code: string;
}
interface Refrain {
  readonly attempts: number;
  readonly cost_nano_usd: number;
  readonly saved_nano_usd: number;
}
interface StreamEvent {
  readonly error?: HttpError;
  readonly choices?: readonly { readonly delta: { readonly content?: string } }[];
  readonly refrain?: Refrain;
}

function toBody({ question }: Outcome, { model = 'auto' }: AskOptions) {
  return { model, messages: [{ role: 'user', content: question }] };
}

async function post(http: string, body: object, { noFallback, signal }: AskOptions): Promise<Response> {
  const response = await fetch(`${http}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(noFallback && { 'x-refrain-fallback': 'none' }) },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
  if (response.ok) return response;
  const { error } = (await response.json()) as { error: HttpError };
  throw refused(response.status, error, response.headers.get('retry-after-ms'));
}

function readHeaders(outcome: Mutable, headers: Headers): void {
  outcome.requestId = headers.get('x-refrain-request-id') ?? '';
  outcome.source = headers.get('x-refrain-source') ?? '';
  outcome.provider = headers.get('x-refrain-provider') ?? '';
  outcome.degraded = headers.get('x-refrain-degraded') === 'true';
}

function readRefrain(outcome: Mutable, { attempts, cost_nano_usd, saved_nano_usd }: Refrain): void {
  outcome.attempts = attempts;
  outcome.nanoUsd = cost_nano_usd;
  outcome.savedNanoUsd = saved_nano_usd;
}

class HttpRefusal extends Error {
  readonly outcome: NonNullable<Outcome['error']>;

  constructor(outcome: NonNullable<Outcome['error']>) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

function refused(status: number, { code }: HttpError, retryAfterMs: string | null = null): HttpRefusal {
  const told = retryAfterMs === null ? {} : { retryAfterMs: Number(retryAfterMs) };
  return new HttpRefusal({ code: String(status), reason: code.toUpperCase(), ...told });
}

/** The worst a stream can do: to stop without a word. */
function silentEnd(): HttpRefusal {
  return new HttpRefusal({ code: 'silent', reason: 'SILENT_END' });
}

function toError(thrown: unknown): NonNullable<Outcome['error']> {
  if (thrown instanceof HttpRefusal) return thrown.outcome;
  if (thrown instanceof RefrainError)
    return { code: thrown.code, reason: thrown.reason, retryAfterMs: thrown.retryAfterMs };
  const { cause, message, name } = thrown as Error;
  return { code: 'connection', reason: (cause as { code?: string } | undefined)?.code ?? `${name}: ${message}` };
}
