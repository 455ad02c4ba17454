/** Puts usage records where they survive: a JetStream stream, made when it is not there, each record once by its id. */
import { toBinary } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { type UsageRecord, UsageRecordSchema, usageStream, usageSubject } from '@refrain/contracts';
import type { Logger } from '@refrain/service';

/** What settling uses of the bus. */
export type SettleBus = Pick<Bus, 'connected' | 'ensureStream' | 'publishDurable'>;

const retryEveryMs = 500;

/** Makes the stream as soon as the bus is there; gives the function that stops trying. */
export function keepUsageStream(bus: SettleBus, log: Logger): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const make = async () => {
    if (bus.connected) {
      try {
        await bus.ensureStream(usageStream);
        return;
      } catch (err) {
        log.warn({ err }, 'the usage stream cannot be made yet');
      }
    }
    if (!stopped) timer = setTimeout(() => void make(), retryEveryMs);
  };
  void make();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Stores a record. @throws RefrainError `unavailable` when even a stream made anew does not take it. */
export async function storeUsage(bus: SettleBus, record: UsageRecord): Promise<void> {
  const subject = usageSubject(record.provider);
  const bytes = toBinary(UsageRecordSchema, record);
  const options = { id: record.attemptId };
  try {
    await bus.publishDurable(subject, bytes, options);
  } catch {
    // A server that came back without its data has no stream; a real fault shows below.
    await bus.ensureStream(usageStream);
    await bus.publishDurable(subject, bytes, options);
  }
}
