let over: Promise<void> | undefined;

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

/**
 * Resolves when an answer that is given in this turn is on its way, to the end: gRPC writes an answer in one turn and its status, without
 * which no caller goes on, in the next. For what nobody waits for, so that it holds up no answer.
 */
export function answerIsOut(): Promise<void> {
  return turnIsOver().then(turnIsOver);
}
