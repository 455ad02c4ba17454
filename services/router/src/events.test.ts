import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary, fromJsonString } from '@bufbuild/protobuf';
import type { PublishOptions } from '@refrain/bus';
import { type CompletionEvent, CompletionEventSchema, Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { answerOf, questionOf, settingsOf } from '../test/question.ts';
import { recordedMetrics } from '../test/recorded-metrics.ts';
import { createEvents, type Events } from './events.ts';

const prompt = 'What is the secret prompt?';
const protobuf = settingsOf('events: { encoding: protobuf }\n');

interface Told {
  readonly subject: string;
  readonly text: string;
  readonly data: Uint8Array;
  readonly type: string | undefined;
}

/** What is published when `tell` is done. */
function publishedBy(tell: (events: Events) => void): Told {
  const told: Told[] = [];
  const publish = (subject: string, data: Uint8Array, options?: PublishOptions) =>
    void told.push({ subject, data, text: Buffer.from(data).toString(), type: options?.headers?.['content-type'] });
  tell(createEvents({ publish }, recordedMetrics()));
  const [only] = told;
  assert.ok(only && told.length === 1);
  return only;
}
const summary = ({ requestId, tenant, user, kind, provenance, cost, usage, durationMs }: CompletionEvent) => [
  requestId !== '',
  tenant,
  user,
  kind,
  provenance?.provider,
  cost?.nanoUsd,
  usage?.promptTokens,
  durationMs,
];

test("an answer is told on its tenant's subject as JSON, or as protobuf where the configuration says so", () => {
  const json = publishedBy((events) => events.answered(questionOf(prompt), answerOf('Hush.'), 12.4));
  const binary = publishedBy((events) =>
    events.answered(questionOf(prompt, { settings: protobuf }), answerOf('Hush.'), 12.4),
  );
  assert.deepEqual([json.subject, json.type], ['refrain.v1.events.acme.completion', 'application/json']);
  assert.deepEqual([binary.subject, binary.type], ['refrain.v1.events.acme.completion', 'application/protobuf']);
  const expected = [true, 'acme', 'ann', 'completion', 'one', 20_000n, 10, 12];
  assert.deepEqual(summary(fromJsonString(CompletionEventSchema, json.text)), expected);
  assert.deepEqual(summary(fromBinary(CompletionEventSchema, binary.data)), expected);
});

test('neither prompt nor answer is ever told', () => {
  for (const settings of [settingsOf(), protobuf]) {
    const question = questionOf(prompt, { settings });
    const cause = new Error(prompt);
    const all = [
      publishedBy((events) => events.answered(question, answerOf('Hush, the answer.'), 1)),
      publishedBy((events) => events.failed(question, new RefrainError('upstream', prompt, { cause }), 1)),
    ];
    for (const { text } of all) {
      assert.ok(!text.includes('secret prompt'));
      assert.ok(!text.includes('the answer'));
    }
  }
});

test('hits and failures have a kind of their own', () => {
  const kindOf = (source: Source) =>
    publishedBy((events) =>
      events.answered(questionOf(prompt), answerOf('Hush.', { provenance: { source, provider: 'one' } }), 1),
    )
      .subject.split('.')
      .at(-1);
  assert.deepEqual([Source.EXACT, Source.SEMANTIC, Source.COALESCED, Source.TEMPLATE].map(kindOf), [
    'cache-hit',
    'cache-hit',
    'completion',
    'completion',
  ]);
  const failure = publishedBy((events) => events.failed(questionOf(prompt), new RefrainError('deadline', 'Over.'), 9));
  assert.equal(failure.subject, 'refrain.v1.events.acme.failure');
  assert.equal(fromJsonString(CompletionEventSchema, failure.text).errorCode, 'deadline');
});

test('an event that cannot go out is counted; a bug is not hidden', () => {
  const metrics = recordedMetrics();
  const failing = (error: Error) =>
    createEvents(
      {
        publish: () => {
          throw error;
        },
      },
      metrics,
    );
  failing(new RefrainError('unavailable', 'No.')).answered(questionOf(prompt), answerOf('Hush.'), 1);
  assert.deepEqual(metrics.lines, ['eventDropped']);
  assert.throws(() => failing(new TypeError('a bug')).answered(questionOf(prompt), answerOf('Hush.'), 1), TypeError);
});
