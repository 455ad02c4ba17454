import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from './metrics.ts';

test('counters, gauges and histograms appear with prefix, labels and service', async () => {
  const metrics = new Metrics('router');
  metrics.counter('answers_total', 'Answers.', ['source']).inc({ source: 'exact' }, 2);
  metrics.gauge('waiting', 'Waiting.').set(3);
  metrics.histogram('answer_seconds', 'Time.', ['source'], [0.1, 1]).observe(0.5, { source: 'exact' });
  const text = await metrics.text();
  assert.match(text, /^refrain_answers_total\{source="exact",service="router"\} 2$/m);
  assert.match(text, /^refrain_waiting\{service="router"\} 3$/m);
  assert.match(text, /^refrain_answer_seconds_bucket\{le="1",service="router",source="exact"\} 1$/m);
  assert.match(text, /^process_resident_memory_bytes/m);
});

test('two services of one process share nothing', async () => {
  const [one, other] = [new Metrics('one'), new Metrics('other')];
  one.counter('hits_total', 'Hits.').inc();
  other.counter('hits_total', 'Hits.').inc();
  assert.match(await other.text(), /refrain_hits_total\{service="other"\} 1/);
});
