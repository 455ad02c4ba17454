import { after } from 'node:test';
import { eventually, silentLog, startNats, type TestServer } from '@refrain/testkit';
import { type Bus, openBus } from '../src/index.ts';

/** A NATS for a file of tests, and a bus that is connected to it. Both end after its last test. */
export async function startBus(): Promise<{ nats: TestServer; bus: Bus }> {
  const nats = await startNats();
  const bus = openBus({ url: nats.url, name: 'test', log: silentLog });
  after(async () => {
    await bus.drain();
    await nats.stop();
  });
  await eventually(() => bus.connected, { what: 'NATS' });
  return { nats, bus };
}
