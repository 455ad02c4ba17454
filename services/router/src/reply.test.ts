import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { all, answerOf } from '../test/question.ts';
import { collect, type Reply, replay, wholeReply } from './reply.ts';

const replyOf = (events: Reply['events']): Reply => {
  const { requestId, provenance } = wholeReply(answerOf(''));
  return { requestId, provenance, events };
};

test('a whole answer is there at once, and can be read as a stream', async () => {
  const answer = answerOf('A monoid.', { requestId: 'r1' });
  const reply = wholeReply(answer);
  assert.deepEqual([reply.requestId, reply.provenance, reply.whole], ['r1', answer.provenance, answer]);
  assert.equal(await collect(reply), answer);
  const [delta, end, ...rest] = await all(reply.events());
  assert.equal(delta?.kind === 'delta' && delta.delta.text, 'A monoid.');
  assert.deepEqual([end, rest], [{ kind: 'completed', answer }, []]);
});

test('a longer answer is replayed in pieces that make it up', async () => {
  const text = 'A monad is a monoid in the category of endofunctors. '.repeat(10);
  const events = await all(replay(answerOf(text)));
  const pieces = events.flatMap((event) => (event.kind === 'delta' ? [event.delta] : []));
  assert.ok(pieces.length > 5);
  assert.equal(pieces.map((delta) => delta.text).join(''), text);
  assert.ok(pieces.every(({ toolCalls }) => toolCalls.length === 0));
  assert.deepEqual([events.length, events.at(-1)?.kind], [pieces.length + 1, 'completed']);
});

test('tool calls are replayed too, and an answer without a word is just its end', async () => {
  const [calls] = await all(replay(answerOf('', { toolCalls: [{ id: 'c1', name: 'look' }] })));
  assert.equal(calls?.kind === 'delta' && calls.delta.toolCalls[0]?.name, 'look');
  assert.deepEqual(
    (await all(replay(answerOf('')))).map(({ kind }) => kind),
    ['completed'],
  );
});

test('waiting for the whole answer fails where the stream fails', async () => {
  const reply = replyOf(async function* () {
    yield* [];
    throw new RefrainError('midstream', 'Cut.');
  });
  await assert.rejects(collect(reply), { code: 'midstream' });
});

test('an answer that does not say where it came from and a stream without an end are bugs', async () => {
  const { provenance, ...nameless } = answerOf('Hi.');
  assert.ok(provenance);
  assert.throws(() => wholeReply(nameless), TypeError);
  await assert.rejects(
    collect(
      replyOf(async function* () {
        yield* [];
      }),
    ),
    TypeError,
  );
});
