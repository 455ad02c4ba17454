import type { Answer } from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { Question } from './ask.ts';
import type { Reply, ReplyEvent } from './reply.ts';
import type { Recorder } from './steps/record.ts';

/** The same reply; that it has begun is recorded now, and how it ends once, whoever ends it. */
export function recorded(reply: Reply, question: Question, recorder: Recorder): Reply {
  recorder.began(question, reply.provenance.source);
  if (reply.whole) {
    recorder.answered(question, reply.whole);
    return reply;
  }
  return { ...reply, events: () => watch(reply.events(), question, recorder) };
}

async function* watch(
  events: AsyncIterable<ReplyEvent>,
  question: Question,
  recorder: Recorder,
): AsyncGenerator<ReplyEvent> {
  let answer: Answer | undefined;
  let error: RefrainError | undefined;
  try {
    for await (const event of events) {
      // Before it is handed on: a reader that has the answer need not come back.
      if (event.kind === 'completed') answer = event.answer;
      yield event;
    }
  } catch (thrown) {
    error = toRefrainError(thrown);
    throw error;
  } finally {
    if (answer) recorder.answered(question, answer);
    else recorder.failed(question, error ?? new RefrainError('canceled', 'The caller left.'));
  }
}
