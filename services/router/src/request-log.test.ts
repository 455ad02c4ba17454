import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { createLogger } from '@refrain/service';
import { answerOf, questionOf } from '../test/question.ts';
import type { Events } from './events.ts';
import { withRequestLog } from './request-log.ts';

const prompt = 'What is the secret prompt?';

/** What the log has after `tell`, and what the events behind it heard. */
function linesOf(tell: (events: Events) => void) {
  const lines: string[] = [];
  const heard: string[] = [];
  const log = createLogger({ service: 'router', level: 'debug', write: (line) => void lines.push(line) });
  const behind = { answered: () => void heard.push('answered'), failed: () => void heard.push('failed') };
  tell(withRequestLog(behind, log));
  return { lines, heard, fields: JSON.parse(lines[0] ?? '{}') as Record<string, unknown> };
}

test('a question that was answered is one line: who, from where, by whom, how long, how much', () => {
  const question = questionOf(prompt, { chat: { model: 'best' } });
  const { fields, heard, lines } = linesOf((events) =>
    events.answered(question, answerOf('Hush, the answer.'), 12.345),
  );
  assert.deepEqual([lines.length, heard], [1, ['answered']]);
  const { level, service, pid, time, msg, ...said } = fields;
  assert.deepEqual(
    [level, service, typeof pid, typeof time, msg],
    ['debug', 'router', 'number', 'string', 'request answered'],
  );
  assert.deepEqual(said, {
    ...{ requestId: question.requestId, tenant: 'acme', face: 'grpc', asked: 'best', ms: 12.3 },
    ...{ status: 'ok', source: 'provider', provider: 'one', model: 'large', reason: 'route:text/simple', attempts: 1 },
    ...{ promptTokens: 10, completionTokens: 5 },
  });
});

test('a question that failed is one line with the code and its reason', () => {
  const { fields, heard, lines } = linesOf((events) =>
    events.failed(questionOf(prompt), new RefrainError('overloaded', 'Busy.', { reason: 'BUSY' }), 3),
  );
  assert.deepEqual(
    [lines.length, heard, fields.status, fields.reason, fields.ms],
    [1, ['failed'], 'overloaded', 'BUSY', 3],
  );
});

test('neither prompt nor answer nor the words of an error are ever written', () => {
  const cause = new Error(prompt);
  const { lines } = linesOf((events) => {
    events.answered(questionOf(prompt), answerOf('Hush, the answer.', { provenance: { source: Source.EXACT } }), 1);
    events.failed(questionOf(prompt), new RefrainError('upstream', prompt, { cause }), 1);
  });
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(), /secret|Hush/);
});
