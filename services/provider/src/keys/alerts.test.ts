import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RaiseAlert } from '@refrain/bus';
import { KeyAlerts } from './alerts.ts';

/** Watched keys, and which alerts were raised: cause, kind and hash. */
function setUp() {
  const raised: string[] = [];
  const texts: string[] = [];
  const raise: RaiseAlert = (cause, { kind, provider, keyId, text }) => {
    raised.push(`${cause} ${kind} ${provider} ${keyId}`);
    texts.push(text);
  };
  return { raised, texts, alerts: new KeyAlerts({ provider: 'openai', raise, threshold: 0.8 }) };
}

test('a share, a rate of errors and a refusal alert from their thresholds on, not before', () => {
  const { alerts, raised, texts } = setUp();
  alerts.used('k', 0.79);
  alerts.ended('k', 19, 19);
  alerts.ended('k', 100, 20);
  assert.deepEqual(raised, []);
  alerts.used('k', 0.85);
  alerts.ended('k', 20, 5);
  alerts.refused('wait');
  alerts.refused('denied');
  alerts.unused('k');
  assert.deepEqual(raised, [
    'quota:openai:k quota openai k',
    'errors:openai:k errors openai k',
    'exhausted:openai: exhausted openai ',
    'denied:openai: denied openai ',
    'unused:openai:k unused openai k',
  ]);
  assert.match(texts[0] ?? '', /85 %/);
});

test('a key that its provider refuses is told by its hash, with why and what an operator can do', () => {
  const { alerts, raised, texts } = setUp();
  alerts.denied('k', 'SPEND_LIMIT');
  assert.deepEqual(raised, ['denied:openai:k denied openai k']);
  assert.match(texts[0] ?? '', /SPEND_LIMIT.*keys revive k/);
});

test('another key is another cause', () => {
  const { alerts, raised } = setUp();
  alerts.used('k', 0.9);
  alerts.used('other', 0.9);
  assert.equal(new Set(raised.map((each) => each.split(' ')[0])).size, 2);
});
