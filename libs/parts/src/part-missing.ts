/** A server is neither there nor to be had; the message says what to type. */
export class PartMissing extends Error {
  constructor(what: string, tried: readonly string[], remedy: string) {
    super(`${what} was not found and could not be fetched (${tried.join('; ')}). ${remedy}`);
    this.name = 'PartMissing';
  }
}
