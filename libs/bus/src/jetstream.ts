import { setTimeout as delay } from 'node:timers/promises';
import { fullJitter } from '@refrain/resilience';
import { DiscardPolicy, type NatsConnection, RetentionPolicy, StorageType } from 'nats';
import type { StreamDefinition } from './bus.ts';
import { busDown } from './mux.ts';

const tries = 6;
const ackTimeoutMs = 2000;

/** Makes a stream, or brings its limits up to date. A full stream refuses what is new instead of dropping what is unread. */
export async function ensureStream(connection: NatsConnection, definition: StreamDefinition): Promise<void> {
  const manager = await connection.jetstreamManager();
  const nanoseconds = (seconds: number) => seconds * 1e9;
  const config = {
    name: definition.name,
    subjects: [...definition.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_age: nanoseconds(definition.maxAgeSeconds),
    max_bytes: definition.maxBytes,
    duplicate_window: nanoseconds(definition.duplicateWindowSeconds),
  };
  try {
    await manager.streams.update(definition.name, config);
  } catch {
    // Not there yet; a real fault shows here.
    await manager.streams.add(config);
  }
}

/** A publish that timed out may have been stored: the same id makes the repeat harmless. */
export async function publishDurable(
  open: () => NatsConnection,
  subject: string,
  data: Uint8Array,
  id: string,
): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await open().jetstream().publish(subject, data, { msgID: id, timeout: ackTimeoutMs });
      return;
    } catch (error) {
      if (attempt + 1 >= tries) throw busDown(error);
      await delay(fullJitter(attempt, 200, 5000));
    }
  }
}
