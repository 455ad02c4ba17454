/** From callbacks to an async iterable: what is pushed is read in order, a failure after what came before it. */
export class EventQueue<Event> implements AsyncIterable<Event> {
  readonly #events: Event[] = [];
  #ended: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** Adds an event. */
  push(event: Event): void {
    this.#events.push(event);
    this.#tell();
  }

  /** Ends the queue, with an error or without. */
  end(how: { readonly error?: unknown } = {}): void {
    this.#ended ??= how;
    this.#tell();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if ('error' in this.#ended) throw this.#ended.error;
      else return;
    }
  }

  #tell(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
