let over: Promise<void> | undefined;

/**
 * Resolves when this turn of the event loop is over and what was written in it is on its way: for what nobody waits for, so that it holds
 * up no answer. All that wait in one turn share one call.
 */
export function turnIsOver(): Promise<void> {
  over ??= new Promise((resolve) => {
    setImmediate(() => {
      over = undefined;
      resolve();
    });
  });
  return over;
}
