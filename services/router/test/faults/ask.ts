import { RefrainError } from '@refrain/errors';
import type { TestMesh } from '../start-mesh.ts';
import { askGrpc, streamGrpc } from './ask-grpc.ts';
import { askHttp, streamHttp } from './ask-http.ts';
import { type AskOptions, type Door, newFinding, type Outcome, type OutcomeError, Refusal } from './outcome.ts';

/** Asks and waits for the end, whatever it is; never rejects. */
export async function ask(
  { client, http }: Pick<TestMesh, 'http' | 'client'>,
  door: Door,
  question: string,
  options: AskOptions = {},
): Promise<Outcome> {
  const finding = newFinding(door, question);
  try {
    if (door === 'http') await askHttp(http, finding, options);
    else if (door === 'http-stream') await streamHttp(http, finding, options);
    else if (door === 'grpc') await askGrpc(client, finding, options);
    else await streamGrpc(client, finding, options);
  } catch (thrown) {
    finding.error = toOutcomeError(thrown);
  }
  return finding;
}

function toOutcomeError(thrown: unknown): OutcomeError {
  if (thrown instanceof Refusal) return thrown.outcome;
  if (thrown instanceof RefrainError) {
    return { code: thrown.code, reason: thrown.reason, retryAfterMs: thrown.retryAfterMs };
  }
  const { cause, message, name } = thrown as Error;
  return { code: 'connection', reason: (cause as { code?: string } | undefined)?.code ?? `${name}: ${message}` };
}
