import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary, fromJsonString } from '@bufbuild/protobuf';
import { AlertEventSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { eventually, manualClock, silentLog } from '@refrain/testkit';
import { type AlertParts, Alerts } from './alerts.ts';

const hour = 3_600_000;

/** Alerts, what they published, and a Redis that answers as told. */
function setUp(options: { redis?: () => Promise<unknown>; encoding?: 'json' | 'protobuf'; busIsDown?: boolean } = {}) {
  const clock = manualClock();
  const published: { subject: string; bytes: Uint8Array; type: string | undefined }[] = [];
  const kinds: string[] = [];
  const parts: AlertParts = {
    provider: 'openai',
    state: { command: options.redis ?? (async () => 'OK') },
    bus: {
      publish: (subject, bytes, how) => {
        if (options.busIsDown) throw new RefrainError('unavailable', 'away', { reason: 'BUS_DOWN' });
        published.push({ subject, bytes, type: how?.headers?.['content-type'] });
      },
    },
    log: silentLog,
    encoding: () => options.encoding ?? 'json',
    threshold: 0.8,
    onAlert: (kind) => void kinds.push(kind),
    now: clock.now,
  };
  return { clock, published, kinds, alerts: new Alerts(parts) };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a share, a rate of errors and a refusal alert from their thresholds on, not before', async () => {
  const { alerts, kinds } = setUp();
  alerts.used('k', 0.79);
  alerts.ended('k', 19, 19);
  alerts.ended('k', 100, 20);
  await turn();
  assert.deepEqual(kinds, []);
  alerts.used('k', 0.8);
  alerts.ended('k', 20, 5);
  alerts.refused('wait');
  alerts.refused('denied');
  await eventually(() => kinds.length === 4);
  assert.deepEqual(kinds.sort(), ['denied', 'errors', 'exhausted', 'quota']);
});

test('each cause is told once an hour; another key is another cause', async () => {
  const { alerts, clock, kinds } = setUp();
  for (let i = 0; i < 5; i += 1) alerts.used('k', 0.9);
  alerts.used('other', 0.9);
  await turn();
  assert.equal(kinds.length, 2);
  clock.advance(hour - 1);
  alerts.used('k', 0.9);
  await turn();
  assert.equal(kinds.length, 2);
  clock.advance(1);
  alerts.used('k', 0.9);
  await turn();
  assert.equal(kinds.length, 3);
});

test('what another worker has told is not told again; while Redis is away each worker tells for itself', async () => {
  const taken = setUp({ redis: async () => null });
  taken.alerts.used('k', 1);
  await turn();
  assert.deepEqual(taken.kinds, []);
  const away = setUp({ redis: () => Promise.reject(new RefrainError('unavailable', 'x', { reason: 'REDIS_DOWN' })) });
  away.alerts.used('k', 1);
  await turn();
  assert.deepEqual(away.kinds, ['quota']);
});

for (const encoding of ['json', 'protobuf'] as const) {
  test(`an alert says in ${encoding} which provider, which key by its hash, and why`, async () => {
    const { alerts, clock, published } = setUp({ encoding });
    alerts.used('0123456789ab', 0.85);
    await eventually(() => published.length === 1);
    const [{ subject, bytes, type } = { subject: '', bytes: new Uint8Array(), type: '' }] = published;
    const event =
      encoding === 'json'
        ? fromJsonString(AlertEventSchema, Buffer.from(bytes).toString())
        : fromBinary(AlertEventSchema, bytes);
    assert.deepEqual([subject, type], ['refrain.v1.events.mesh.alert', `application/${encoding}`]);
    assert.deepEqual([event.kind, event.provider, event.keyId], ['quota', 'openai', '0123456789ab']);
    assert.match(event.text, /85 %/);
    assert.equal(event.atMs, BigInt(clock.now()));
  });
}

test('an alert that cannot go out disturbs nobody, and is counted all the same', async () => {
  const { alerts, kinds } = setUp({ busIsDown: true });
  alerts.refused('denied');
  await turn();
  assert.deepEqual(kinds, ['denied']);
});
