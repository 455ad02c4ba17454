import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishDurable } from './jetstream.ts';

const reply = (body: object) => ({ data: new TextEncoder().encode(JSON.stringify(body)) });
const ack = reply({ stream: 'refrain-usage', seq: 1 });

/** Answers in order, the last for ever. */
function server(...answers: (object | Error)[]) {
  let asked = 0;
  const ask = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    if (answer instanceof Error) throw answer;
    return answer as typeof ack;
  };
  return { ask, asked: () => asked };
}
const pauses: number[] = [];
const pause = async (attempt: number) => void pauses.push(attempt);

test('an acknowledged record is published once', async () => {
  const { ask, asked } = server(ack);
  await publishDurable(ask, pause);
  assert.equal(asked(), 1);
});

test('a record that JetStream did not answer or refused is published again, each time after a longer bound', async () => {
  pauses.length = 0;
  const { ask, asked } = server(new Error('timeout'), reply({ error: { description: 'maximum bytes exceeded' } }), ack);
  await publishDurable(ask, pause);
  assert.equal(asked(), 3);
  assert.deepEqual(pauses, [0, 1]);
});

test('an answer that names no stream is not taken for an acknowledgement', async () => {
  const { ask } = server(reply({}), new Error('timeout'));
  await assert.rejects(publishDurable(ask, pause), { reason: 'BUS_DOWN' });
});

test('after six tries it gives up and says what JetStream said last', async () => {
  const { ask, asked } = server(reply({ error: { description: 'maximum bytes exceeded' } }));
  await assert.rejects(publishDurable(ask, pause), (error: Error) => /maximum bytes/.test(String(error.cause)));
  assert.equal(asked(), 6);
});
