import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlertEventSchema, decodeEvent, type EventEncoding } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { eventually, manualClock, silentLog } from '@refrain/testkit';
import { type Alert, createAlerts } from './alerts.ts';

const hourMs = 3_600_000;
const alert: Alert = { kind: 'quota', provider: 'openai', keyId: '0123456789ab', text: 'Much was used.' };
const away = () => new RefrainError('unavailable', 'away', { reason: 'BUS_DOWN' });

/** Alerts, what they published and logged, and a NATS and a fleet that are as the test says. */
function setUp(encoding: EventEncoding = 'json') {
  const clock = manualClock();
  const published: { subject: string; data: Uint8Array; type: string | undefined }[] = [];
  const told: string[] = [];
  const logged: string[] = [];
  const nats = { isUp: true, keeps: true };
  const fleet = { isFirst: async () => true, asked: 0 };
  const raise = createAlerts({
    bus: {
      get connected() {
        return nats.isUp;
      },
      ensureStream: async () => {
        if (!nats.keeps) throw away();
      },
      publish: (subject, data, how) => {
        if (!nats.isUp) throw away();
        published.push({ subject, data, type: how?.headers?.['content-type'] });
      },
    },
    encoding: () => encoding,
    log: { ...silentLog, warn: (_fields, message) => void logged.push(message) },
    isFirst: () => {
      fleet.asked += 1;
      return fleet.isFirst();
    },
    onAlert: ({ kind }) => void told.push(kind),
    now: clock.now,
  });
  return { raise, clock, published, told, logged, nats, fleet };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

for (const encoding of ['json', 'protobuf'] as const) {
  test(`an alert says in ${encoding} which provider, which key by its hash, and why`, async () => {
    const { clock, published, raise } = setUp(encoding);
    raise('a', alert);
    await eventually(() => published.length === 1);
    const [{ subject, data, type } = { subject: '', data: new Uint8Array(), type: '' }] = published;
    const event = decodeEvent(AlertEventSchema, data, type);
    assert.deepEqual([subject, type], ['refrain.v1.events.mesh.alert', `application/${encoding}`]);
    const { kind, provider, keyId, text } = event;
    assert.deepEqual({ kind, provider, keyId, text }, alert);
    assert.equal(event.atMs, BigInt(clock.now()));
  });
}

test('each cause is told once an hour, in the log too; the fleet is asked once', async () => {
  const { clock, fleet, logged, raise, told } = setUp();
  for (let i = 0; i < 5; i += 1) raise('a', alert);
  raise('b', { kind: 'dead', text: 'A job is dead.' });
  await eventually(() => told.length === 2);
  assert.deepEqual([told, fleet.asked], [['quota', 'dead'], 2]);
  assert.deepEqual(logged, [alert.text, 'A job is dead.']);
  clock.advance(hourMs - 1);
  raise('a', alert);
  await turn();
  assert.equal(told.length, 2);
  clock.advance(1);
  raise('a', alert);
  await eventually(() => told.length === 3);
});

test('what another process has told is not told again', async () => {
  const { fleet, published, raise, told } = setUp();
  fleet.isFirst = async () => false;
  raise('a', alert);
  await turn();
  assert.deepEqual([fleet.asked, published.length, told.length], [1, 0, 0]);
});

test('while NATS is away nothing fails, the log has it, and a minute later it is told to those who listen', async () => {
  const { clock, fleet, logged, nats, published, raise } = setUp();
  nats.isUp = false;
  raise('a', alert);
  await eventually(() => logged.includes('an alert could not be published'));
  assert.deepEqual([logged.includes(alert.text), fleet.asked], [true, 0], 'the word is left to others');
  nats.isUp = true;
  raise('a', alert);
  await turn();
  assert.equal(published.length, 0);
  clock.advance(60_000);
  raise('a', alert);
  await eventually(() => published.length === 1);
});

test('an alert that cannot be kept is told all the same', async () => {
  const { logged, nats, published, raise } = setUp();
  nats.keeps = false;
  raise('a', alert);
  await eventually(() => published.length === 1);
  assert.ok(logged.some((line) => line.startsWith('alerts are not kept')));
});

test('a fleet that cannot be asked for another reason than being away is logged, not thrown', async () => {
  const { fleet, logged, raise } = setUp();
  fleet.isFirst = () => Promise.reject(new TypeError('a bug'));
  raise('a', alert);
  await eventually(() => logged.includes('an alert could not be sent'));
});
