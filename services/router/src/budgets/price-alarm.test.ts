import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPriceAlarm } from './price-alarm.ts';

test('each attempt at a model without a price is counted, and raises the alarm of that model', () => {
  const counted: string[] = [];
  const raised: string[] = [];
  const alarm = createPriceAlarm({
    metrics: { unpriced: (provider, model) => void counted.push(`${provider}/${model}`) },
    raise: (cause, { kind, provider, text }) => void raised.push(`${cause} ${kind} ${provider} ${text}`),
  });
  alarm('p', 'm');
  alarm('p', 'm');
  assert.deepEqual(counted, ['p/m', 'p/m']);
  assert.match(raised[0] ?? '', /^price:p\/m price p The model p\/m has no price/);
});
