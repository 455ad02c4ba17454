/** A line that is written over on a terminal; elsewhere a new line now and then, so that a log stays short. */
const terminalMs = 100;
const logMs = 2000;

/** Tells how far something is. */
export interface Progress {
  /** Shows it, unless something was shown a moment ago. */
  show(text: string): void;
  /** Shows the last of it and ends the line. */
  end(text: string): void;
}

/** Writes progress to a stream. */
export function createProgress(
  stream: { readonly isTTY?: boolean; write(text: string): unknown },
  now: () => number = () => performance.now(),
): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  const write = (text: string) => stream.write(stream.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
  return {
    show: (text) => {
      if (now() - shownAt < (stream.isTTY ? terminalMs : logMs)) return;
      shownAt = now();
      write(text);
    },
    end: (text) => {
      write(text);
      if (stream.isTTY) stream.write('\n');
    },
  };
}
