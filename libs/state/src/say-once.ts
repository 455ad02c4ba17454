import { RefrainError } from '@refrain/errors';
import type { State } from './state.ts';

/** Whether nobody has said `what` within the last `quietMs` milliseconds, over all processes. While Redis is away true: rather twice than not at all. */
export async function sayOnce(state: Pick<State, 'command'>, what: string, quietMs: number): Promise<boolean> {
  try {
    return (await state.command('SET', `refrain:said:${what}`, 1, 'PX', quietMs, 'NX')) === 'OK';
  } catch (error) {
    if (error instanceof RefrainError) return true;
    throw error;
  }
}
