import { RefrainError } from '@refrain/errors';
import type { Msg } from 'nats';
import { isNoResponders, type Mux, noResponders } from './mux.ts';

/**
 * Sends a question with a private reply subject and waits for the first answer.
 * @throws RefrainError `unavailable` with NO_RESPONDERS or BUS_DOWN, at once; `deadline` after `timeoutMs`.
 */
export function request(mux: Mux, send: (reply: string) => void, timeoutMs: number): Promise<Msg> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      inbox.close();
    };
    const fail = (error: unknown) => {
      end();
      reject(error);
    };
    const timer = setTimeout(() => fail(new RefrainError('deadline', 'No answer came in time.')), timeoutMs);
    const inbox = mux.open((message) => {
      if (message instanceof RefrainError) return fail(message);
      if (isNoResponders(message)) return fail(noResponders());
      end();
      resolve(message);
    });
    try {
      send(inbox.subject);
    } catch (error) {
      fail(error);
    }
  });
}
