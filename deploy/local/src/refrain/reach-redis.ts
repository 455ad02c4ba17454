/** The way from a command line to the Redis of a mesh. */
import { createLogger } from '@refrain/service';
import { openState, type State } from '@refrain/state';
import { isThere } from './is-there.ts';
import { withoutPassword } from './without-password.ts';

/** A connection that is up; whoever has it closes it. @throws Error where none is within two seconds; its text has no password */
export async function reachRedis(url: string, command: string): Promise<State> {
  const log = createLogger({ service: 'refrain', level: 'silent', write: () => undefined });
  const state = openState({ url, name: `refrain-${command}`, log, timeoutMs: 2000 });
  if (await isThere(() => state.ready)) return state;
  state.close();
  throw new Error(`Redis does not answer at ${withoutPassword(url)}`);
}
