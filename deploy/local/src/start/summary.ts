/** The one screen that `npm start` ends with. */
import { completeSubject, eventSubject } from '@refrain/contracts';
import type { Mesh } from './mesh.ts';
import { type PlanContext, remoteProviders } from './plan.ts';
import { toMeshFile } from './to-mesh-file.ts';

const question = 'What is the capital of France?';

/** Addresses, what answers, and lines to try. */
export function toSummary(mesh: Mesh, context: PlanContext, seconds: number): string {
  const file = toMeshFile(mesh);
  const { local, keys } = context.config;
  const { home } = context.settings;
  const addresses = file.processes.map(({ name, grpc, http, metrics }) => [
    name,
    [grpc && `gRPC ${grpc}`, http && `HTTP ${http}`, `ops ${new URL(metrics).origin}`].filter(Boolean).join('   '),
  ]);
  const parts = Object.entries(mesh.parts).map(([name, { url, origin }]) => [
    name,
    `${withoutPassword(url)}   (${origin})`,
  ]);
  const states = [mesh.cache, ...mesh.workers].flatMap(({ process, readiness }) =>
    Object.entries(readiness.parts)
      .filter(([part, state]) => process.name !== 'cache' || part === 'embedder' || state.startsWith('down'))
      .filter(([part]) => part !== 'nats')
      .map(([part, state]) => [part, state]),
  );
  const authorization = keys.length > 0 ? ` -H 'authorization: Bearer YOUR_KEY'` : '';
  const http = JSON.stringify({ messages: [{ role: 'user', content: question }] });
  const grpc = JSON.stringify({ chat: { messages: [{ role: 'ROLE_USER', parts: [{ text: question }] }] } });
  return [
    `Refrain is up (${seconds.toFixed(1)} s). Ctrl-C ends all of it.`,
    '',
    ...table([...addresses, ...parts]),
    '',
    'Answers come from',
    ...table([...states, ...withoutKey(context)]),
    '',
    'Try',
    `  curl ${file.router.http}/v1/chat/completions -H 'content-type: application/json'${authorization} \\`,
    `    -d '${http}'`,
    `  grpcurl -plaintext${authorization} -d '${grpc}' \\`,
    `    ${file.router.grpc} refrain.router.v1.RouterService/StreamComplete`,
    `  NATS: ask on ${completeSubject(keys[0]?.tenant ?? local.tenant)}, listen on ${eventSubject(keys[0]?.tenant ?? local.tenant, '*')}`,
    '',
    `Addresses: ${home.meshFile}   Logs: ${home.logs}`,
    '',
  ].join('\n');
}

function withoutKey(context: PlanContext): string[][] {
  return remoteProviders(context)
    .filter(({ isServed }) => !isServed)
    .map(({ name, keys }) => [
      name,
      keys === undefined ? 'needs a key; refrain.yaml names none' : `no key (${keys}_API_KEY)`,
    ]);
}

function table(rows: readonly (readonly (string | undefined)[])[]): string[] {
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', text = '']) => `  ${name.padEnd(width)}   ${text}`);
}

/** A server's address without user and password, which may be the user's own. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}
