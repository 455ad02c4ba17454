import { withTimeout } from './with-timeout.ts';

/**
 * Runs a call that may take `ms`, and aborts it then.
 * @throws RefrainError `deadline` naming `what`; else whatever the call throws
 */
export async function withDeadline<T>(call: (signal: AbortSignal) => Promise<T>, ms: number, what: string): Promise<T> {
  const abort = new AbortController();
  return withTimeout(call(abort.signal), ms, what, () => abort.abort());
}
