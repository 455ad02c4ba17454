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

function setUp() {
  const strangers: string[] = [];
  const interests = new Interests((attemptId, listener) => void strangers.push(`${attemptId} ${listener}`));
  const abandoned: RefrainError[] = [];
  const joined: string[] = [];
  const left: string[] = [];
  let renewals = 0;
  const interest = interests.watch('a', 'router-1', {
    onJoin: (listener) => void joined.push(listener),
    onLeave: (listener) => void left.push(listener),
    onAbandoned: (reason) => void abandoned.push(reason),
    onRenew: () => {
      renewals += 1;
    },
  });
  const say = (kind: ControlKind, reply = 'router-1', attemptId = 'a') =>
    interests.receive({ data: toBinary(ControlSchema, create(ControlSchema, { attemptId, kind })), reply });
  return { interest, say, abandoned, joined, left, strangers, renewals: () => renewals };
}

test('a router that renews every two seconds is waited for, and hears each time that we are there', () => {
  const { interest, say, abandoned, renewals } = setUp();
  interest.accepted();
  for (let i = 0; i < 30; i += 1) {
    mock.timers.tick(2000);
    say(ControlKind.RENEW);
  }
  assert.deepEqual([abandoned.length, renewals()], [0, 30]);
});

test('ten seconds of silence mean that nobody waits', () => {
  const { interest, abandoned } = setUp();
  interest.accepted();
  mock.timers.tick(9999);
  assert.equal(abandoned.length, 0);
  mock.timers.tick(1);
  assert.deepEqual([abandoned[0]?.code, abandoned[0]?.reason], ['canceled', 'ABANDONED']);
});

test('before it is accepted a router cannot renew, so its silence says nothing; its cancel counts', () => {
  const { say, abandoned } = setUp();
  mock.timers.tick(60_000);
  assert.equal(abandoned.length, 0);
  say(ControlKind.CANCEL);
  assert.deepEqual([abandoned[0]?.code, abandoned[0]?.reason], ['canceled', 'CANCELED']);
});

test('a second router that joins is waited for after the first has left or died', () => {
  for (const leaving of ['cancels', 'dies'] as const) {
    const { interest, say, abandoned, joined, left } = setUp();
    interest.accepted();
    say(ControlKind.JOIN, 'router-2');
    assert.deepEqual(joined, ['router-2']);
    if (leaving === 'cancels') say(ControlKind.CANCEL);
    for (let i = 0; i < 6; i += 1) {
      mock.timers.tick(2000);
      say(ControlKind.RENEW, 'router-2');
    }
    assert.deepEqual([left, abandoned.length], [['router-1'], 0]);
    say(ControlKind.CANCEL, 'router-2');
    assert.equal(abandoned[0]?.code, 'canceled');
  }
});

test('a control for another attempt, of an unknown kind, of a stranger, or for one that is over changes nothing', () => {
  const { interest, say, abandoned, renewals } = setUp();
  interest.accepted();
  say(ControlKind.CANCEL, 'router-1', 'b');
  say(99 as ControlKind);
  say(ControlKind.CANCEL, 'router-9');
  say(ControlKind.RENEW, 'router-9');
  interest.end();
  say(ControlKind.CANCEL);
  mock.timers.tick(60_000);
  assert.deepEqual([abandoned.length, renewals()], [0, 0]);
});

test('who joins what is not under way is told of, to be answered', () => {
  const { say, strangers } = setUp();
  say(ControlKind.JOIN, 'router-2', 'b');
  assert.deepEqual(strangers, ['b router-2']);
});
