/** An answer on its way: whole at once, or as it is made. */
import { create } from '@bufbuild/protobuf';
import { type Answer, type Delta, DeltaSchema, type Provenance } from '@refrain/contracts';
import { toPieces } from './pieces.ts';

/** What is told while an answer is made; `completed` comes last and carries the whole answer, the text included. */
export type ReplyEvent =
  | { readonly kind: 'delta'; readonly delta: Delta }
  | { readonly kind: 'completed'; readonly answer: Answer };

/** What a caller gets, from the first thing that is known of it. */
export interface Reply {
  readonly requestId: string;
  readonly provenance: Provenance;
  /** The whole answer where there was nothing to wait for. */
  readonly whole?: Answer;
  /** The cache was not asked: the caller did not want it to be, or the request may not be cached. */
  readonly bypassed?: boolean;
  /** To be read once; a reader that stops early leaves. Throws RefrainError when the answer breaks off. */
  events(): AsyncIterable<ReplyEvent>;
}

/** A reply that is there already. @throws TypeError for an answer that does not say where it came from */
export function wholeReply(answer: Answer): Reply {
  const { provenance, requestId } = answer;
  if (!provenance) throw new TypeError('an answer without provenance');
  return { requestId, provenance, whole: answer, events: () => replay(answer) };
}

/** A whole answer as a stream of pieces, as it would come from who made it, but without waiting; then the end. */
export async function* replay(answer: Answer): AsyncGenerator<ReplyEvent> {
  const { text, toolCalls } = answer;
  for (const piece of toPieces(text)) yield { kind: 'delta', delta: create(DeltaSchema, { text: piece }) };
  if (toolCalls.length > 0) yield { kind: 'delta', delta: create(DeltaSchema, { toolCalls }) };
  yield { kind: 'completed', answer };
}

/** Waits for the whole answer. @throws RefrainError when it breaks off. */
export async function collect(reply: Reply): Promise<Answer> {
  if (reply.whole) return reply.whole;
  for await (const event of reply.events()) if (event.kind === 'completed') return event.answer;
  throw new TypeError('a reply ended without an answer');
}
