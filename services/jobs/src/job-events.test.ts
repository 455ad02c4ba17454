import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { decodeEvent, JobEventSchema, JobSchema } from '@refrain/contracts';
import { createDeadAlarm, tellEnd } from './job-events.ts';

const dead = (errorReason: string) =>
  create(JobSchema, { id: 'a-job', tenant: 'acme', attempts: 3, waits: 9, errorCode: 'unavailable', errorReason });

test('operators hear which job died of what; each reason is a cause of its own, and without one the code', () => {
  const raised: string[][] = [];
  const alarm = createDeadAlarm((cause, { kind, text }) => void raised.push([cause, kind, text]));
  for (const reason of ['NO_RESPONDERS', 'ABANDONED', '']) alarm(dead(reason));
  assert.deepEqual(
    raised.map(([cause]) => cause),
    ['dead:NO_RESPONDERS', 'dead:ABANDONED', 'dead:unavailable'],
  );
  assert.equal(raised[0]?.[1], 'dead');
  assert.match(raised[0]?.[2] ?? '', /a-job is dead after 3 tries and 9 waits: NO_RESPONDERS/);
});

for (const encoding of ['json', 'protobuf'] as const) {
  test(`the end of a job is told to its tenant in ${encoding}, the encoding of refrain.yaml`, () => {
    const published: { subject: string; data: Uint8Array; type: string | undefined }[] = [];
    const bus = {
      publish: (subject: string, data: Uint8Array, how?: { headers?: Readonly<Record<string, string>> }) =>
        void published.push({ subject, data, type: how?.headers?.['content-type'] }),
    };
    tellEnd(bus, dead('ABANDONED'), encoding);
    const [{ subject, data, type } = { subject: '', data: new Uint8Array(), type: '' }] = published;
    assert.deepEqual([subject, type], ['refrain.v1.events.acme.job', `application/${encoding}`]);
    assert.equal(decodeEvent(JobEventSchema, data, type).job?.id, 'a-job');
  });
}
