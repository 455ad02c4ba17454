import { pino } from 'pino';
import { ConfigError } from './config-error.ts';
import { toLoggedError } from './logged-error.ts';

/** Structured logging: an object of fields, then a sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const hidden = [
  'authorization',
  'apiKey',
  'key',
  'keys',
  'prompt',
  'messages',
  'text',
  'answer',
  'question',
  'chat',
  'body',
];

/** Bytes of lines that wait while standard output takes none; what comes beyond them is lost. */
const maximumWaitingBytes = 1024 * 1024;

/** What a logger is made with. */
interface LoggerOptions {
  readonly service: string;
  readonly level?: string;
  /** Takes the lines in tests. */
  readonly write?: (line: string) => void;
  /** Hears each time standard output takes no line (a full disk, a reader that is gone). Logging goes on: a log is worth no answer. */
  readonly failed?: (error: Error) => void;
}

/**
 * JSON lines on standard output, each written at once (a few microseconds; nothing is lost or reordered when the process
 * ends, which the buffered way did). Fields that could hold a secret, a
 * prompt or an answer are cut out by name, one level deep too; of an error only what cannot hold a request remains.
 * Where standard output fails, the lines wait and are written with the next one that it takes.
 * @throws ConfigError when `level` is none.
 */
export function createLogger(options: LoggerOptions): Logger {
  const level = options.level ?? 'info';
  if (!levels.includes(level)) {
    throw new ConfigError('environment', [{ path: 'LOG_LEVEL', message: `is none of ${levels.join(', ')}` }]);
  }
  const { write } = options;
  return pino(
    {
      level,
      base: { service: options.service, pid: process.pid },
      redact: { paths: hidden.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' },
      serializers: { err: toLoggedError, error: toLoggedError },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    write ? { write } : standardOutput(options.failed),
  );
}

function standardOutput(failed: (error: Error) => void = () => undefined) {
  const output = pino.destination({ fd: 1, sync: true, maxLength: maximumWaitingBytes });
  // Without a listener the error would be thrown at whoever logs, and again at whoever logs that.
  output.on('error', failed);
  return output;
}
