import { parseArgs } from 'node:util';
import type { Home } from '../start/home.ts';
import { type MeshFile, readMeshFile } from '../start/mesh-file.ts';
import { missingParts, readReadiness } from '../start/wait-ready.ts';
import { asUsage } from './usage-error.ts';

/** A service and what it says of itself. */
interface ServiceStatus {
  readonly name: string;
  readonly pid: number;
  readonly ready: boolean;
  /** It works, and without a part that it should have. */
  readonly degraded: boolean;
  readonly parts: Readonly<Record<string, string>>;
}

/**
 * Asks every service of the mesh in this home whether it is ready, and with all its parts. 0 when all are ready, also where a part is
 * missing that they can do without (it is shown); 1 when one is not or no mesh runs.
 */
export async function showStatus(args: readonly string[], home: Home, out: (text: string) => void): Promise<number> {
  const { values } = asUsage(() =>
    parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } }),
  );
  const mesh = readMeshFile(home.meshFile);
  const services = await Promise.all((mesh?.processes ?? []).map(askService));
  const ready = mesh !== undefined && services.every((each) => each.ready);
  const degraded = services.some((each) => each.degraded);
  if (values.json)
    out(`${JSON.stringify({ ready, degraded, home: home.folder, services, mesh: mesh ?? null }, null, 2)}\n`);
  else out(mesh ? toTable(services, mesh) : `No mesh runs in ${home.folder}; npm start starts one.\n`);
  return ready ? 0 : 1;
}

async function askService({ name, pid, metrics }: MeshFile['processes'][number]): Promise<ServiceStatus> {
  const readiness = await readReadiness(metrics);
  if (!readiness) return { name, pid, ready: false, degraded: false, parts: { process: 'does not answer' } };
  const { ok, parts } = readiness;
  return { name, pid, ready: ok, degraded: ok && missingParts(readiness).length > 0, parts };
}

function toTable(services: readonly ServiceStatus[], mesh: MeshFile): string {
  const width = Math.max(...services.map(({ name }) => name.length));
  const lines = services.map(({ degraded, name, pid, ready, parts }) => {
    const states = Object.entries(parts).map(([part, state]) => `${part} ${state}`);
    return `${degraded ? '!' : ready ? '✔' : '✖'} ${name.padEnd(width)}  ${String(pid).padStart(7)}  ${states.join('; ')}`;
  });
  const note = services.some(({ degraded }) => degraded) ? ['', '! works without a part that it should have'] : [];
  return [...lines, ...note, '', `gRPC ${mesh.router.grpc}   HTTP ${mesh.router.http}`, ''].join('\n');
}
