import { RefrainError } from '@refrain/errors';

/**
 * Waits for a promise at most `ms`.
 * @throws RefrainError `deadline` naming `what` when it takes longer; the promise's own late error is then ignored,
 * because nobody waits for it any more.
 */
export function withTimeout<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new RefrainError('deadline', `${what} took longer than ${ms} ms.`)), ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
