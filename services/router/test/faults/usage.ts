/** What JetStream holds of the usage stream, read by its own API. */
import { fromBinary } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { type UsageRecord, UsageRecordSchema, usageStream } from '@refrain/contracts';

const timeoutMs = 2000;

/** Every record the stream holds, oldest first; none where there is no stream. @throws RefrainError while NATS is away */
export async function usageRecords(bus: Bus): Promise<UsageRecord[]> {
  const { state } = await call<{ state?: { messages: number; first_seq: number; last_seq: number } }>(bus, 'INFO');
  if (!state || state.messages === 0) return [];
  const records: UsageRecord[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    const { message } = await call<{ message?: { data?: string } }>(bus, 'MSG.GET', { seq });
    if (message?.data !== undefined) records.push(fromBinary(UsageRecordSchema, Buffer.from(message.data, 'base64')));
  }
  return records;
}

async function call<T>(bus: Bus, verb: string, body?: object): Promise<T> {
  const data = Buffer.from(body ? JSON.stringify(body) : '');
  const reply = await bus.request(`$JS.API.STREAM.${verb}.${usageStream.name}`, data, { timeoutMs });
  return JSON.parse(Buffer.from(reply.data).toString()) as T;
}
