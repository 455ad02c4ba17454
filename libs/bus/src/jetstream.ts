import { setTimeout as delay } from 'node:timers/promises';
import { fullJitter } from '@refrain/resilience';
import { DiscardPolicy, type NatsConnection, RetentionPolicy, StorageType } from 'nats';
import type { StreamDefinition } from './bus.ts';
import { busDown } from './mux.ts';

const tries = 6;
/** How long one acknowledgement may take. */
export const ackTimeoutMs = 2000;

/** Makes a stream, or brings its limits up to date. A full stream refuses what is new instead of dropping what is unread, unless told otherwise. */
export async function ensureStream(connection: NatsConnection, definition: StreamDefinition): Promise<void> {
  const manager = await connection.jetstreamManager();
  const nanoseconds = (seconds: number) => seconds * 1e9;
  const config = {
    name: definition.name,
    subjects: [...definition.subjects],
    retention: definition.retention === 'work-queue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    ...(definition.retention === 'last-each' && { max_msgs_per_subject: 1 }),
    storage: StorageType.File,
    discard: definition.whenFull === 'drop-oldest' ? DiscardPolicy.Old : DiscardPolicy.New,
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

/**
 * Publishes by `ask`, which carries a constant message id, until JetStream acknowledges: a publish that timed out may
 * have been stored, and the id makes the repeat harmless.
 * @throws RefrainError BUS_DOWN after six tries, the last refusal as its cause.
 */
export async function publishDurable(
  ask: () => Promise<{ readonly data: Uint8Array }>,
  pause: (attempt: number) => Promise<void> = (attempt) => delay(fullJitter(attempt, 200, 5000)),
): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      expectAck((await ask()).data);
      return;
    } catch (error) {
      if (attempt + 1 >= tries) throw busDown(error);
      await pause(attempt);
    }
  }
}

/** An acknowledgement names the stream; a refusal (a full stream) says why. */
function expectAck(data: Uint8Array): void {
  const ack = JSON.parse(new TextDecoder().decode(data)) as { stream?: string; error?: { description?: string } };
  if (ack.error || ack.stream === undefined) {
    throw new Error(`JetStream refuses the message: ${ack.error?.description ?? 'no stream is named'}`);
  }
}
