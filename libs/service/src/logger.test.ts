import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { ConfigError } from './config-error.ts';
import { createLogger, type Logger } from './logger.ts';

function logged(log: (logger: Logger) => void): string {
  const lines: string[] = [];
  log(createLogger({ service: 'test', write: (line) => lines.push(line) }));
  return lines.join('');
}

test('a line is JSON with time, level by name, service, fields and sentence', () => {
  const line = JSON.parse(logged((log) => log.child({ request: 'r1' }).warn({ ms: 3 }, 'slow')));
  const { time, pid, ...rest } = line;
  assert.equal(pid, process.pid);
  assert.ok(Date.parse(time) > 0);
  assert.deepEqual(rest, { level: 'warn', service: 'test', request: 'r1', ms: 3, msg: 'slow' });
});

test('prompts, answers and keys are cut out by name, one level deep too', () => {
  const names = ['authorization', 'apiKey', 'keys', 'prompt', 'messages', 'text', 'answer', 'question', 'chat', 'body'];
  const fields = Object.fromEntries(names.map((name) => [name, 'hush']));
  assert.doesNotMatch(
    logged((log) => log.child({ inner: fields }).info({ ...fields, request: fields }, 'x')),
    /hush/,
  );
});

test('of an error only type, texts, code, stack and causes remain', () => {
  const foreign = Object.assign(new Error('refused'), {
    code: 'ECONNREFUSED',
    request: { body: 'hush' },
    data: 'hush',
  });
  const text = logged((log) =>
    log.error({ err: new RefrainError('unavailable', 'No provider answers.', { cause: foreign }) }, 'failed'),
  );
  assert.doesNotMatch(text, /hush/);
  const { err } = JSON.parse(text);
  assert.equal(err.type, 'RefrainError');
  assert.equal(err.code, 'unavailable');
  assert.equal(err.cause.code, 'ECONNREFUSED');
  assert.match(err.stack, /logger\.test/);
});

test('texts of errors lose keys and what JSON.parse quotes', () => {
  const parse = (json: string) => {
    try {
      return JSON.parse(json);
    } catch (error) {
      return error;
    }
  };
  const errors = [
    new Error('Incorrect API key provided: sk-proj-hush123.'),
    new Error('got Bearer hush123456'),
    parse('hush, a prompt that is longer than what fits into the message of JSON.parse'),
    parse('hush'),
    'thrown AIzahush1234',
  ];
  for (const err of errors) {
    const text = logged((log) => log.error({ err }, 'failed'));
    assert.doesNotMatch(text, /hush/);
  }
});

test('a cause that is its own cause ends', () => {
  const error = new Error('round');
  error.cause = error;
  assert.match(
    logged((log) => log.error({ err: error }, 'x')),
    /round/,
  );
});

test('a level that is none is a fault of LOG_LEVEL', () => {
  assert.throws(() => createLogger({ service: 'test', level: 'loud' }), ConfigError);
});
