/** Starts a server that only sleeps and prints its pid, for a test that kills this program. */
import { tmpdir } from 'node:os';
import { startPart } from '../src/start-part.ts';

const launch = { command: 'sleep', prefix: [], env: {}, origin: 'test' };
const part = { name: 'sleep', args: ['60'], url: '', isUp: async () => true };
const { pid } = await startPart({ launch, folder: tmpdir(), port: 0 }, part);
process.stdout.write(`${pid}\n`);
