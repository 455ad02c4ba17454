import { RefrainError } from '@refrain/errors';

/** Turns of the event loop in which what has arrived is looked at before a promise is given up. */
const lastTurns = 3;

/**
 * Waits for a promise at most `ms`; `onLate` hears when that is over. A process that was busy notices a deadline late, and its timers come
 * before its sockets: what has arrived meanwhile is read first, else a burst of requests gives up calls whose answers are there.
 * @throws RefrainError `deadline` naming `what` when it takes longer; the promise's own late error is then ignored,
 * because nobody waits for it any more.
 */
export function withTimeout<T>(promise: Promise<T>, ms: number, what: string, onLate?: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let waiting: NodeJS.Immediate | undefined;
    const expire = (turns: number) => {
      if (turns > 0) {
        waiting = setImmediate(expire, turns - 1);
        return;
      }
      reject(new RefrainError('deadline', `${what} took longer than ${Math.round(ms)} ms.`));
      onLate?.();
    };
    const timer = setTimeout(expire, ms, lastTurns);
    const end = () => {
      clearTimeout(timer);
      clearImmediate(waiting);
    };
    promise.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
