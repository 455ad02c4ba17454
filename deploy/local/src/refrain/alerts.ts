/** `alerts`: what operators were told of late, as NATS keeps it, and what they are told from now on. */
import { parseArgs } from 'node:util';
import { type Bus, openBus, type StoredMessage } from '@refrain/bus';
import { type AlertEvent, AlertEventSchema, alertsStream, decodeEvent } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { Home } from '../start/home.ts';
import { readMeshFile } from '../start/mesh-file.ts';
import { isThere } from './is-there.ts';
import { toMoment } from './moment.ts';
import { asUsage, UsageError } from './usage-error.ts';
import { withoutPassword } from './without-password.ts';

/** Where the command runs and where it writes. */
export interface AlertsTools {
  readonly home: Home;
  /** The alerts. */
  readonly out: (text: string) => void;
  /** What happens beside them, for people. */
  readonly say: (text: string) => void;
  readonly now?: () => number;
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Of time, kind, provider and key; the text is as long as it is. */
const widths = [19, 9, 10, 12];

/** Lists the alerts of the last time, the oldest first; with `--follow` goes on until Ctrl-C. Gives the exit code. */
export async function showAlerts(args: readonly string[], tools: AlertsTools): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = asUsage(() =>
    parseArgs({
      args: [...args],
      options: { json: flag, follow: flag, since: { type: 'string', default: '24h' }, nats: { type: 'string' } },
    }),
  );
  const { home, out, now = Date.now } = tools;
  const sinceMs = now() - toMs(values.since);
  const url = values.nats ?? readMeshFile(home.meshFile)?.nats;
  if (url === undefined) throw new Error(`no mesh runs in ${home.folder}; --nats URL names a NATS`);
  const follow = values.follow ? untilCtrlC() : undefined;
  const bus = await open(url, tools.say);
  try {
    if (!values.json && follow) out(head);
    let count = 0;
    for await (const message of bus.replay(alertsStream, { sinceMs, ...(follow && { follow }) })) {
      const alert = read(message, tools.say);
      if (!alert) continue;
      if (!values.json && !follow && count === 0) out(head);
      count += 1;
      out(values.json ? toJsonLine(alert) : toRow(alert));
    }
    if (!values.json && !follow && count === 0) out(`No alert since ${toMoment(sinceMs)} (UTC).\n`);
    return 0;
  } catch (error) {
    throw withHint(error);
  } finally {
    await bus.drain();
  }
}

/** A number of seconds, minutes, hours or days. @throws UsageError */
function toMs(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,4})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms === 0) throw new UsageError('--since takes a time such as 30s, 15m, 1h or 7d');
  return ms;
}

function untilCtrlC(): AbortSignal {
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
  return end.signal;
}

/** A connection that is up, or the reason why it is not. */
async function open(url: string, say: (text: string) => void): Promise<Bus> {
  const tell = (_fields: object, message: string) => say(`refrain: ${message}\n`);
  const log: Logger = { debug: () => undefined, info: tell, warn: tell, error: tell, child: () => log };
  const bus = openBus({ url, name: 'refrain-alerts', log });
  if (await isThere(() => bus.connected)) return bus;
  await bus.drain();
  throw new Error(`NATS does not answer at ${withoutPassword(url)}`);
}

/** Anybody with a password of the mesh may publish there: what is no alert is told and left out. */
function read({ data, header }: StoredMessage, say: (text: string) => void): AlertEvent | undefined {
  try {
    return decodeEvent(AlertEventSchema, data, header('content-type'));
  } catch {
    say('refrain: a message that is no alert was left out\n');
    return undefined;
  }
}

const head: string = toLine(['time (UTC)', 'kind', 'provider', 'key', 'what']);

function toRow({ atMs, kind, provider, keyId, text }: AlertEvent): string {
  return toLine([toMoment(Number(atMs)), kind, provider, keyId, text]);
}

function toLine(cells: readonly string[]): string {
  const padded = cells.map((cell, i) => cell.padEnd(widths[i] ?? 0));
  return `${padded.join('  ').trimEnd()}\n`;
}

function toJsonLine({ atMs, kind, provider, keyId, text }: AlertEvent): string {
  return `${JSON.stringify({ atMs: Number(atMs), kind, provider, keyId, text })}\n`;
}

/** An operator is told what can be done about it, too. */
function withHint(error: unknown): unknown {
  if (!(error instanceof RefrainError)) return error;
  const isOff = error.reason === 'NO_JETSTREAM';
  const message = isOff ? 'NATS keeps no alerts: JetStream is off there, and the mesh needs it' : error.message;
  return new Error(message, { cause: error });
}
