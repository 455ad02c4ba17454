import { type Logger as PinoLogger, pino } from 'pino';

/** Structured logging: an object of fields, then a sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

const hidden = ['authorization', 'apiKey', 'key', 'keys', 'prompt', 'messages', 'text', 'answer', 'question', 'chat'];

/** JSON lines on standard output. Fields that could hold a secret, a prompt or an answer are cut out by name. */
export function createLogger(options: { service: string; level?: string }): Logger {
  const paths = hidden.flatMap((name) => [name, `*.${name}`]);
  const logger: PinoLogger = pino({
    level: options.level ?? 'info',
    base: { service: options.service, pid: process.pid },
    redact: { paths, censor: '[hidden]' },
    serializers: { err: pino.stdSerializers.err },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  return logger;
}
