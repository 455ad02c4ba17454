import { create } from '@bufbuild/protobuf';
import {
  type Answer,
  AnswerSchema,
  type Cost,
  type Delta,
  type Final,
  type Provenance,
  type ToolCall,
} from '@refrain/contracts';

/** Puts an answer together from its deltas. */
export class AnswerBuilder {
  readonly #texts: string[] = [];
  readonly #toolCalls: ToolCall[] = [];

  /** Takes the next piece; pieces of one tool call come under its index. */
  add(delta: Delta): void {
    if (delta.text !== '') this.#texts.push(delta.text);
    for (const piece of delta.toolCalls) {
      const call = this.#toolCalls.find(({ index }) => index === piece.index);
      if (!call) this.#toolCalls.push({ ...piece });
      else {
        call.id ||= piece.id;
        call.name += piece.name;
        call.argumentsJson += piece.argumentsJson;
      }
    }
  }

  /** The whole answer. */
  build(parts: { requestId: string; final: Final; cost: Cost; provenance: Provenance; nowMs: number }): Answer {
    const { requestId, final, cost, provenance, nowMs } = parts;
    return create(AnswerSchema, {
      requestId,
      text: this.#texts.join(''),
      toolCalls: this.#toolCalls,
      finishReason: final.finishReason,
      ...(final.usage && { usage: final.usage }),
      cost,
      provenance,
      createdAtMs: BigInt(nowMs),
    });
  }
}
