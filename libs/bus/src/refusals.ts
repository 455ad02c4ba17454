import type { Logger } from '@refrain/service';
import type { Status } from 'nats';

/** What is refused is refused again with every message: each kind is told once until the connection is another. */
const mostKinds = 100;
/** Tokens of a subject that say what it is for; those behind them are ids. */
const tellingTokens = 4;

/** Tells operators what the server does not let us do: NATS answers a publisher that lacks the right with silence. */
export class Refusals {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #told: Set<string> = new Set();

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** The server has said no. */
  tell({ data, permissionContext }: Pick<Status, 'data' | 'permissionContext'>): void {
    const { operation, subject = '' } = permissionContext ?? {};
    const about = subject.split('.').slice(0, tellingTokens).join('.');
    const kind = `${data} ${operation} ${about}`;
    if (this.#told.has(kind) || this.#told.size >= mostKinds) return;
    this.#told.add(kind);
    this.#log.warn({ code: data, operation, subject: about }, 'nats refuses');
  }

  /** The connection is another one. */
  forget(): void {
    this.#told.clear();
  }
}
