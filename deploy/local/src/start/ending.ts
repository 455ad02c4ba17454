import { ConfigError } from '@refrain/service';
import { ProcessEnded } from './process-ended.ts';

/** Somebody asked for the end: a signal, or the supervisor has gone. */
export class StopAsked extends Error {
  constructor(reason: string) {
    super(`${reason}: stopping`);
    this.name = 'StopAsked';
  }
}

/** EX_CONFIG of sysexits.h, as the services use it. */
const configExit = 78;

/** The exit code for what ended a mesh. */
export function exitCodeOf(reason: unknown): number {
  if (reason instanceof StopAsked) return 0;
  if (reason instanceof ConfigError || (reason instanceof ProcessEnded && reason.isFinal)) return configExit;
  return 1;
}

/** What a person is told of it: one sentence of ours, or a fault of ours with its stack. */
export function toWords(reason: unknown): string {
  const isExpected =
    reason instanceof Error &&
    ['StopAsked', 'ConfigError', 'ProcessEnded', 'PartMissing', 'HomeTaken', 'Error'].includes(reason.name);
  if (isExpected) return reason.message + hintOf(reason);
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}

/** The system's own words for a folder that is not ours do not say what to do. */
function hintOf({ code = '', path, syscall }: NodeJS.ErrnoException): string {
  if (code === 'ENOSPC') return '; the disk is full: make room, or set REFRAIN_HOME to a folder on another';
  // Node's recursive mkdir says ENOENT on a read-only disk.
  if (code === 'ENOENT' && syscall === 'mkdir')
    return '; set REFRAIN_HOME to a folder that can be written to (the disk may be read-only)';
  const isFolder = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code) && path;
  return isFolder ? '; set REFRAIN_HOME to a folder that this user may write to (.refrain unless told)' : '';
}

/** Aborts `end` on Ctrl-C, SIGTERM, SIGHUP and when the process that supervises this one goes; the second time calls `force`. */
export function endOnSignals(end: AbortController, force: () => void): void {
  const ask = (reason: string) => {
    if (end.signal.aborted) force();
    else end.abort(new StopAsked(reason));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
  process.on('disconnect', () => {
    if (!end.signal.aborted) ask('the process that started this one has gone');
  });
}
