import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { ControlKind, ControlSchema } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { Interests } from './interest.ts';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
});

const control = (attemptId: string, kind: ControlKind) =>
  toBinary(ControlSchema, create(ControlSchema, { attemptId, kind }));

function setUp() {
  const interests = new Interests();
  const left: RefrainError[] = [];
  let renewals = 0;
  const interest = interests.watch('a', {
    onLeave: (reason) => void left.push(reason),
    onRenew: () => {
      renewals += 1;
    },
  });
  return { interests, interest, left, renewals: () => renewals };
}

test('a router that renews every two seconds is waited for, and hears each time that we are there', () => {
  const { interests, interest, left, renewals } = setUp();
  interest.accepted();
  for (let i = 0; i < 30; i += 1) {
    mock.timers.tick(2000);
    interests.receive(control('a', ControlKind.RENEW));
  }
  assert.deepEqual([left.length, renewals()], [0, 30]);
});

test('ten seconds of silence mean that nobody waits', () => {
  const { interest, left } = setUp();
  interest.accepted();
  mock.timers.tick(9999);
  assert.equal(left.length, 0);
  mock.timers.tick(1);
  assert.deepEqual([left[0]?.code, left[0]?.reason], ['canceled', 'ABANDONED']);
});

test('before it is accepted a router cannot renew, so its silence says nothing; its cancel counts', () => {
  const { interests, left } = setUp();
  mock.timers.tick(60_000);
  assert.equal(left.length, 0);
  interests.receive(control('a', ControlKind.CANCEL));
  assert.deepEqual([left[0]?.code, left[0]?.reason], ['canceled', 'CANCELED']);
});

test('a control for another attempt, of an unknown kind, or for one that is over changes nothing', () => {
  const { interests, interest, left } = setUp();
  interest.accepted();
  interests.receive(control('b', ControlKind.CANCEL));
  interests.receive(control('a', 99 as ControlKind));
  interest.end();
  interests.receive(control('a', ControlKind.CANCEL));
  mock.timers.tick(60_000);
  assert.equal(left.length, 0);
});
