import { type AskOptions, type Finding, type Outcome, Refusal, silentEnd } from './outcome.ts';

/** Asks for a whole answer. */
export async function askHttp(http: string, outcome: Finding, options: AskOptions): Promise<void> {
  const response = await post(http, { ...toBody(outcome, options), stream: false }, options);
  const body = (await response.json()) as { choices: { message: { content: string } }[]; refrain: Refrain };
  readHeaders(outcome, response.headers);
  readRefrain(outcome, body.refrain);
  outcome.text = body.choices[0]?.message.content ?? '';
}

/** Asks for a stream. */
export async function streamHttp(http: string, outcome: Finding, options: AskOptions): Promise<void> {
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

function readHeaders(outcome: Finding, headers: Headers): void {
  outcome.requestId = headers.get('x-refrain-request-id') ?? '';
  outcome.source = headers.get('x-refrain-source') ?? '';
  outcome.provider = headers.get('x-refrain-provider') ?? '';
  outcome.degraded = headers.get('x-refrain-degraded') === 'true';
}

function readRefrain(outcome: Finding, { attempts, cost_nano_usd, saved_nano_usd }: Refrain): void {
  outcome.attempts = attempts;
  outcome.nanoUsd = cost_nano_usd;
  outcome.savedNanoUsd = saved_nano_usd;
}

function refused(status: number, { code }: HttpError, retryAfterMs: string | null = null): Refusal {
  const told = retryAfterMs === null ? {} : { retryAfterMs: Number(retryAfterMs) };
  return new Refusal({ code: String(status), reason: code.toUpperCase(), ...told });
}
