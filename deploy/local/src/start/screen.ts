/** Progress on standard error, one line each, in the style of the step before this one (prelude.mjs). */
export interface Screen {
  say(line: string): void;
  /** Says so, in the words of that moment, while something takes longer than a second. */
  during<T>(what: string | (() => string), work: Promise<T>): Promise<T>;
}

const firstWordMs = 1000;
const nextWordMs = 5000;

/** A screen that writes to `write`. */
export function createScreen(write: (text: string) => void): Screen {
  const say = (line: string) => write(`refrain: ${line}\n`);
  const during = async <T>(what: string | (() => string), work: Promise<T>): Promise<T> => {
    const began = performance.now();
    const tell = () => {
      const seconds = Math.round((performance.now() - began) / 1000);
      say(`${typeof what === 'string' ? what : what()} … ${seconds} s`);
      timer = setTimeout(tell, nextWordMs);
    };
    let timer = setTimeout(tell, firstWordMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  };
  return { say, during };
}
