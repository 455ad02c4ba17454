import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, fromBinary, fromJsonString } from '@bufbuild/protobuf';
import { AlertEventSchema, JobSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { manualClock, silentLog } from '@refrain/testkit';
import { createDeadAlarm } from './job-events.ts';

const hourMs = 3_600_000;
const dead = (errorReason: string) =>
  create(JobSchema, { id: 'a-job', attempts: 3, errorCode: 'unavailable', errorReason });

function setUp(encoding: 'json' | 'protobuf' = 'json') {
  const clock = manualClock();
  const published: { subject: string; data: Uint8Array; type: string | undefined }[] = [];
  const link = { isAway: false };
  const alarm = createDeadAlarm({
    bus: {
      publish: (subject, data, how) => {
        if (link.isAway) throw new RefrainError('unavailable', 'away', { reason: 'BUS_DOWN' });
        published.push({ subject, data, type: how?.headers?.['content-type'] });
      },
    },
    encoding: () => encoding,
    log: silentLog,
    now: clock.now,
  });
  return { alarm, clock, link, published };
}

test('operators hear which job died of what, and of each reason once an hour', () => {
  const { alarm, clock, published } = setUp();
  for (let i = 0; i < 3; i += 1) alarm(dead('NO_RESPONDERS'));
  alarm(dead('ABANDONED'));
  assert.equal(published.length, 2);
  const [{ data, subject, type } = { data: new Uint8Array(), subject: '', type: '' }] = published;
  const event = fromJsonString(AlertEventSchema, Buffer.from(data).toString());
  assert.deepEqual([subject, type, event.kind], ['refrain.v1.events.mesh.alert', 'application/json', 'dead']);
  assert.match(event.text, /a-job is dead after 3 tries: NO_RESPONDERS/);
  clock.advance(hourMs);
  alarm(dead('NO_RESPONDERS'));
  assert.equal(published.length, 3);
});

test('the encoding is the one of refrain.yaml', () => {
  const { alarm, published } = setUp('protobuf');
  alarm(dead('ABANDONED'));
  assert.equal(published[0]?.type, 'application/protobuf');
  assert.equal(fromBinary(AlertEventSchema, published[0]?.data ?? new Uint8Array()).kind, 'dead');
});

test('while NATS is away nothing fails, and the next that dies tells it', () => {
  const { alarm, link, published } = setUp();
  link.isAway = true;
  alarm(dead('ABANDONED'));
  link.isAway = false;
  alarm(dead('ABANDONED'));
  assert.equal(published.length, 1);
});
