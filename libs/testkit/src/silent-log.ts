import type { Logger } from '@refrain/service';

const nothing = () => undefined;

/** A logger that says nothing. */
export const silentLog: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};
