let over: Promise<void> | undefined;
let out: Promise<void> | undefined;

/** Resolves when this turn of the event loop is over and what was written in it is on its way. All that wait in one turn share one call. */
export function turnIsOver(): Promise<void> {
  over ??= new Promise((resolve) => {
    setImmediate(() => {
      over = undefined;
      resolve();
    });
  });
  return over;
}

/** gRPC writes an answer in one turn and its status, without which no caller goes on, in the next. */
const gatherMs = 5;

/**
 * Resolves within some 5 ms, nearly always after an answer that is given now is on its way, to the end. For what nobody waits for: it
 * holds up no answer, and what follows several answers is done in one go, which wakes the other processes once.
 */
export function answerIsOut(): Promise<void> {
  out ??= new Promise((resolve) => {
    setTimeout(() => {
      out = undefined;
      resolve();
    }, gatherMs);
  });
  return out;
}
