import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ServerSentEvent, SseParser } from './sse.ts';

function eventsOf(text: string, pieceBytes = 1000): ServerSentEvent[] {
  const parser = new SseParser();
  const bytes = new TextEncoder().encode(text);
  const events: ServerSentEvent[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    events.push(...parser.push(bytes.subarray(at, at + pieceBytes)));
  return [...events, ...parser.end()];
}
const message = (data: string) => ({ event: 'message', data });

const streams: readonly [promise: string, text: string, events: ServerSentEvent[]][] = [
  ['an event ends at the blank line', 'data: a\n\ndata: b\n\n', [message('a'), message('b')]],
  ['several data lines are one text', 'data: a\ndata: b\n\n', [message('a\nb')]],
  ['one space after the colon belongs to the format', 'data:  a\n\ndata:b\n\n', [message(' a'), message('b')]],
  ['a field without a colon is empty', 'data\n\n', [message('')]],
  [
    'a name holds for its own event only',
    'event: x\ndata: 1\n\ndata: 2\n\n',
    [{ event: 'x', data: '1' }, message('2')],
  ],
  ['comments and unknown fields are skipped', ': hello\nid: 7\nretry: 3\nfoo: bar\ndata: a\n\n', [message('a')]],
  ['an event without data is none', 'event: ping\n\n\n\n', []],
  ['a last event without its blank line counts', 'data: a', [message('a')]],
  ['CR LF ends lines too', 'event: x\r\ndata: a\r\n\r\n', [{ event: 'x', data: 'a' }]],
];

for (const [promise, text, events] of streams) {
  test(promise, () => {
    for (const pieceBytes of [1, 4, 1000]) assert.deepEqual(eventsOf(text, pieceBytes), events);
  });
}

test('what is no part of the format is kept apart', () => {
  const parser = new SseParser();
  parser.push(new TextEncoder().encode(': c\nid: 1\nretry: 2\ndata: a\n\n{\n  "error": {}\n}\n'));
  assert.equal(parser.stray, '{\n  "error": {}\n}\n');
});

test('an event without end is refused before it fills the memory', () => {
  const parser = new SseParser();
  const line = new TextEncoder().encode(`data: ${'a'.repeat(1024 * 1024)}\n`);
  assert.throws(
    () => {
      for (let i = 0; i < 5; i += 1) parser.push(line);
    },
    { code: 'upstream', reason: 'MALFORMED' },
  );
});
