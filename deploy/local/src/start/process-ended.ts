/** A process that ended although it was wanted; the message holds its last words. */
export class ProcessEnded extends Error {
  /** Its configuration cannot be used (exit code 78): starting it again will not help. */
  readonly isFinal: boolean;

  constructor(name: string, how: string, options: { words: readonly string[]; isFinal: boolean }) {
    const words = options.words.map((line) => `\n    ${line}`).join('');
    super(`${name} ended (${how})${words === '' ? '' : `:${words}`}`);
    this.name = 'ProcessEnded';
    this.isFinal = options.isFinal;
  }
}
