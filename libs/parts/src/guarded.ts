import { existsSync } from 'node:fs';

/** Part of Debian's and Ubuntu's essential util-linux. */
const setpriv = '/usr/bin/setpriv';

/** A command that the kernel ends when whoever started it dies, even by SIGKILL; the command as it is where setpriv is missing. */
export function guarded(command: string, args: readonly string[]): [string, string[]] {
  if (!existsSync(setpriv)) return [command, [...args]];
  return [setpriv, ['--pdeathsig', 'TERM', command, ...args]];
}
