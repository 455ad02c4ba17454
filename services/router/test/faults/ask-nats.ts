import { create, fromJsonString, toJsonString } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { CompleteRequestSchema, CompleteResponseSchema, completeSubject } from '@refrain/contracts';
import { chatOf } from './ask-grpc.ts';

/** Asks as the local client of NATS does: the answer's text, or the error as it is told. Never rejects. */
export async function askByNats(bus: Bus, question: string): Promise<string> {
  const request = create(CompleteRequestSchema, { chat: chatOf(question) });
  try {
    const data = Buffer.from(toJsonString(CompleteRequestSchema, request));
    const reply = await bus.request(completeSubject('local'), data, { timeoutMs: 5000 });
    const told = reply.header('Nats-Service-Error');
    if (told !== undefined) return told;
    return fromJsonString(CompleteResponseSchema, Buffer.from(reply.data).toString()).answer?.text ?? 'no answer';
  } catch (error) {
    return String(error);
  }
}
