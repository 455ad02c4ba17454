/** `cache warm FILE.jsonl`: puts answers into the cache before anybody has asked. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { StoreRequest } from '@refrain/contracts';
import { loadMeshConfig, type MeshConfig } from '@refrain/service';
import { UsageError } from '../usage-error.ts';
import { createOffer, type Offer } from './offer.ts';
import { type CacheCommand, type CacheTools, readOptions, required, tellUnknown, withCache } from './open-cache.ts';
import { grouped, toJsonLine } from './print.ts';
import { createProgress } from './progress.ts';
import { createWarmReader, type WarmLine } from './warm-line.ts';

/** Answers on their way: enough to fill the embedder's batches, few enough that nobody who asks meanwhile waits for them. */
const inFlight = 32;
const highestRank = 5;
const longestTtlReason = '; cache.staleSeconds of refrain.yaml says how long the cache keeps anything';

/** What became of a file. */
interface Summary {
  /** Lines that hold an answer. */
  lines: number;
  bad: number;
  stored: number;
  /** Of those stored, the ones that are found by their meaning too. */
  byMeaning: number;
  /** Why the others are found by their exact words alone. */
  exactOnly: Record<string, number>;
  refused: Record<string, number>;
}

/** Stores what a file holds. 1, with nothing stored, where a line is wrong and `--skip-bad` was not said. */
export const warm: CacheCommand = async (args, tools) => {
  const { values, positionals } = readOptions(args, {
    tenant: { type: 'string' },
    model: { type: 'string', default: 'auto' },
    rank: { type: 'string' },
    ttl: { type: 'string' },
    tag: { type: 'string', multiple: true, default: [] },
    'skip-bad': { type: 'boolean', default: false },
  });
  const [named] = positionals;
  if (named === undefined || positionals.length > 1) throw new UsageError('warm takes one file');
  const tenant = required('tenant', values.tenant);
  const mesh = loadMeshConfig(tools.configFile);
  const read = createWarmReader({
    tenant,
    model: values.model,
    rank: toWhole('rank', values.rank, highestRank),
    ttlSeconds: toWhole('ttl', values.ttl, longestTtlSeconds(mesh), longestTtlReason),
    tags: values.tag,
    mesh,
  });
  const file = resolve(tools.folder, named);
  const summary = await check(file, read, tools);
  if (summary.bad > 0 && !values['skip-bad']) {
    const lines = summary.bad === 1 ? 'one line is' : `${grouped(summary.bad)} lines are`;
    throw new Error(`${lines} wrong, so nothing was stored; mend the file, or leave them out by --skip-bad`);
  }
  await withCache(values.cache, tools, (cache) => {
    tellUnknown(tenant, tools);
    return storeAll(file, read, summary, createOffer(cache), tools);
  });
  tools.out(values.json ? toJsonLine(summary) : toText(summary));
  return 0;
};

/** Reads the file once without storing anything, and names every line that is wrong. */
async function check(file: string, read: (json: string) => WarmLine, tools: CacheTools): Promise<Summary> {
  const summary: Summary = { lines: 0, bad: 0, stored: 0, byMeaning: 0, exactOnly: {}, refused: {} };
  for await (const { number, json } of linesOf(file)) {
    const line = read(json);
    if ('fault' in line) {
      summary.bad += 1;
      tools.progress.write(`line ${number}: ${line.fault}\n`);
    } else summary.lines += 1;
  }
  return summary;
}

/** A few callers share the file's lines; each takes the next when its answer is stored, so the file is read no faster than it is stored. */
async function storeAll(
  file: string,
  read: (json: string) => WarmLine,
  summary: Summary,
  offer: Offer,
  tools: CacheTools,
): Promise<void> {
  const progress = createProgress(tools.progress);
  const began = performance.now();
  const requests = requestsOf(file, read);
  let offered = 0;
  const caller = async () => {
    for (;;) {
      const { value: request, done } = await requests.next();
      if (done) return;
      count(summary, await offer(request));
      offered += 1;
      // The last of it is said at the end.
      if (offered < summary.lines) progress.show(toProgress(offered, summary.lines, performance.now() - began));
    }
  };
  try {
    await Promise.all(Array.from({ length: inFlight }, caller));
  } finally {
    progress.end(toProgress(offered, summary.lines, performance.now() - began));
  }
}

async function* requestsOf(file: string, read: (json: string) => WarmLine): AsyncGenerator<StoreRequest, void> {
  for await (const { json } of linesOf(file)) {
    const line = read(json);
    if ('request' in line) yield line.request;
  }
}

/** The lines that are not blank, counted from 1. @throws Error for a file that cannot be read */
async function* linesOf(file: string): AsyncGenerator<{ number: number; json: string }> {
  const stream = createReadStream(file);
  const failed = new Promise<never>((_, reject) => {
    stream.once('error', (error: NodeJS.ErrnoException) => reject(new Error(`${file} cannot be read (${error.code})`)));
  });
  await Promise.race([failed, new Promise((opened) => stream.once('open', opened))]);
  let number = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const json = number === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (json.trim() !== '') yield { number, json };
  }
}

function count(summary: Summary, response: Awaited<ReturnType<Offer>>): void {
  const add = (to: Record<string, number>, reason: string) => {
    to[reason] = (to[reason] ?? 0) + 1;
  };
  if (!response.stored) add(summary.refused, response.refusedReason);
  else if (response.exactOnlyReason === '') summary.byMeaning += 1;
  else add(summary.exactOnly, response.exactOnlyReason);
  if (response.stored) summary.stored += 1;
}

function toProgress(done: number, total: number, elapsedMs: number): string {
  const perSecond = (done * 1000) / Math.max(1, elapsedMs);
  const rest = done === 0 ? '' : `, ${Math.ceil((total - done) / perSecond)} s left`;
  return `${grouped(done)} of ${grouped(total)}, ${grouped(Math.round(perSecond))} a second${rest}`;
}

function toText({ bad, stored, byMeaning, exactOnly, refused }: Summary): string {
  const reasons = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([reason, number]) => `    ${reason} ${grouped(number)}`);
  const exact = stored - byMeaning;
  const lines = [
    `${grouped(stored)} answers stored, ${grouped(byMeaning)} of them found by their meaning too.`,
    ...(exact > 0 ? [`  by their exact words alone: ${grouped(exact)}`, ...reasons(exactOnly)] : []),
    ...(Object.keys(refused).length > 0 ? ['  refused:', ...reasons(refused)] : []),
    ...(bad > 0 ? [`  left out, for they are wrong: ${grouped(bad)}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** The cache keeps nothing longer, whoever asks; a wish beyond it would be cut without a word. */
function longestTtlSeconds({ cache }: MeshConfig): number {
  return Math.max(cache.staleSeconds, cache.exact.ttlSeconds);
}

function toWhole(name: string, value: string | undefined, maximum: number, why = ''): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > maximum)
    throw new UsageError(`--${name} must be a whole number from 1 to ${grouped(maximum)}${why}`);
  return number;
}
