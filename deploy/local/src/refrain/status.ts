import { parseArgs } from 'node:util';
import type { Home } from '../start/home.ts';
import { type MeshFile, readMeshFile } from '../start/mesh-file.ts';
import { readReadiness } from '../start/wait-ready.ts';
import { asUsage } from './usage-error.ts';

/** A service and what it says of itself. */
interface ServiceStatus {
  readonly name: string;
  readonly pid: number;
  readonly ready: boolean;
  readonly parts: Readonly<Record<string, string>>;
}

/** Asks every service of the mesh in this home whether it is ready. 0 when all are, 1 when one is not or no mesh runs. */
export async function showStatus(args: readonly string[], home: Home, out: (text: string) => void): Promise<number> {
  const { values } = asUsage(() =>
    parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } }),
  );
  const mesh = readMeshFile(home.meshFile);
  const services = await Promise.all((mesh?.processes ?? []).map(askService));
  const isReady = mesh !== undefined && services.every(({ ready }) => ready);
  if (values.json)
    out(`${JSON.stringify({ ready: isReady, home: home.folder, services, mesh: mesh ?? null }, null, 2)}\n`);
  else out(mesh ? toTable(services, mesh) : `No mesh runs in ${home.folder}; npm start starts one.\n`);
  return isReady ? 0 : 1;
}

async function askService({ name, pid, metrics }: MeshFile['processes'][number]): Promise<ServiceStatus> {
  const readiness = await readReadiness(metrics);
  return { name, pid, ready: readiness?.ok ?? false, parts: readiness?.parts ?? { process: 'does not answer' } };
}

function toTable(services: readonly ServiceStatus[], mesh: MeshFile): string {
  const width = Math.max(...services.map(({ name }) => name.length));
  const lines = services.map(({ name, pid, ready, parts }) => {
    const states = Object.entries(parts).map(([part, state]) => `${part} ${state}`);
    return `${ready ? '✔' : '✖'} ${name.padEnd(width)}  ${String(pid).padStart(7)}  ${states.join('; ')}`;
  });
  return [...lines, '', `gRPC ${mesh.router.grpc}   HTTP ${mesh.router.http}`, ''].join('\n');
}
