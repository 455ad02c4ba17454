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

/**
 * JSON lines on standard output, each written at once (a few microseconds; nothing is lost or reordered when the process
 * ends, which the buffered way did). Fields that could hold a secret, a
 * prompt or an answer are cut out by name, one level deep too; of an error only what cannot hold a request remains.
 * `write` takes the lines in tests.
 * @throws ConfigError when `level` is none.
 */
export function createLogger(options: { service: string; level?: string; write?: (line: string) => void }): Logger {
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
    write ? { write } : pino.destination({ fd: 1, sync: true }),
  );
}
