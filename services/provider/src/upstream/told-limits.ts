/** What a provider says is left of a key's share, in the headers of every reply: obeyed before it has to say 429. */
import type { UpstreamHeaders } from './http.ts';
import { untilMs } from './retry-after.ts';

/** What is left of one limit, the limit itself (0 where it is not told), and the time until it is whole again. */
export type ToldWindow = readonly [left: number, limit: number, resetMs: number];

/** Requests, tokens, tokens of the prompt, tokens of the answer, as far as they were told. */
export type ToldLimits = readonly [
  requests: ToldWindow | undefined,
  tokens: ToldWindow | undefined,
  input: ToldWindow | undefined,
  output: ToldWindow | undefined,
];

type Names = readonly [left: string, limit: string, reset: string];

const openAi = (of: string): Names => [
  `x-ratelimit-remaining${of}`,
  `x-ratelimit-limit${of}`,
  `x-ratelimit-reset${of}`,
];
const anthropic = (of: string): Names => [
  `anthropic-ratelimit-${of}-remaining`,
  `anthropic-ratelimit-${of}-limit`,
  `anthropic-ratelimit-${of}-reset`,
];

/** For each limit the headers that may tell it. */
const families: readonly (readonly Names[])[] = [
  [openAi('-requests'), anthropic('requests'), openAi('')],
  [openAi('-tokens'), anthropic('tokens')],
  [anthropic('input-tokens')],
  [anthropic('output-tokens')],
];

/** Reads what is left; undefined when nothing is told. `nowMs` is the wall clock. */
export function readToldLimits(headers: UpstreamHeaders, nowMs: number): ToldLimits | undefined {
  const [requests, tokens, input, output] = families.map((names) => readFirst(names, headers, nowMs));
  return requests || tokens || input || output ? [requests, tokens, input, output] : undefined;
}

function readFirst(family: readonly Names[], headers: UpstreamHeaders, nowMs: number): ToldWindow | undefined {
  for (const [leftName, limitName, resetName] of family) {
    const left = count(headers.get(leftName));
    const reset = untilMs(headers.get(resetName) ?? '', nowMs);
    // Without a time it says nothing that a next call could go by. (Azure sends -1 where it does not count.)
    if (left !== undefined && reset !== undefined) return [left, count(headers.get(limitName)) ?? 0, reset];
  }
  return undefined;
}

function count(text: string | undefined): number | undefined {
  const number = Number(text || Number.NaN);
  return Number.isFinite(number) && number >= 0 && number < 1e12 ? Math.floor(number) : undefined;
}
