import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch, PartsContext } from './launch.ts';
import { PartMissing } from './part-missing.ts';
import { installWheel } from './pip.ts';
import { run } from './run.ts';
import { type RunningPart, type StartPartOptions, startPart } from './start-part.ts';
import { systemEnv } from './system-env.ts';
import { isAtLeast, probeVersion } from './version.ts';

const minimum = '1.0.0';
const wheel = {
  name: 'chromadb',
  version: '1.5.9',
  sha256: [
    'cc09b3df76e5a5cb386aed2715a2eea152e3949f9e1ba93c7119505377749929',
    '9192d111bd662241625867962333d99369a00769a50f8b2f58cb388731274d7e',
  ],
};

/**
 * Chroma's server, 1.0 or newer: from PATH, else the wheel without its dependencies: the Rust server inside needs none of them
 * (65 MB instead of 506). @throws PartMissing
 */
export async function findChroma(context: PartsContext): Promise<Launch> {
  const tried: string[] = [];
  try {
    const version = await probeVersion('chroma', { env: systemEnv(context.env), signal: context.signal });
    if (isAtLeast(version, minimum)) return { command: 'chroma', prefix: [], env: {}, origin: `PATH, ${version}` };
    tried.push(`PATH: ${version} is too old`);
  } catch (error) {
    tried.push(`PATH: ${(error as Error).message}`);
  }
  const folder = join(context.folder, 'chroma');
  try {
    if (!existsSync(join(folder, 'chromadb_rust_bindings'))) {
      context.say('chroma: fetching the wheel');
      await installWheel(wheel, folder, context.signal);
    }
    const launch = fromWheel(folder);
    await run('python3', ['-c', importBindings(folder)], { signal: context.signal });
    return launch;
  } catch (error) {
    context.signal?.throwIfAborted();
    tried.push(`wheel: ${(error as Error).message}`);
  }
  throw new PartMissing(
    'Chroma 1.0 or newer',
    tried,
    'Install it (pip install chromadb) and put `chroma` on PATH, or set CHROMA_URL.',
  );
}

/** Starts Chroma on loopback, its index in `options.folder`; it logs warnings alone unless RUST_LOG says otherwise. */
export function startChroma(options: StartPartOptions): Promise<RunningPart> {
  const { port, folder, env = process.env } = options;
  const url = `http://127.0.0.1:${port}`;
  const args = ['run', '--path', folder, '--host', '127.0.0.1', '--port', String(port)];
  const isUp = async () => {
    try {
      const response = await fetch(`${url}/api/v2/heartbeat`, { signal: AbortSignal.timeout(1000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      // Not listening yet.
      return false;
    }
  };
  // It writes half a kilobyte for every call it takes: a mesh that nobody asks anything fills a quarter of a gigabyte a day.
  const quiet = { ...options, env: { RUST_LOG: 'warn', ...env } };
  return startPart(quiet, { name: 'chroma', args, url, isUp });
}

function importBindings(folder: string): string {
  return `import sys; sys.path.insert(0, ${JSON.stringify(folder)}); import chromadb_rust_bindings as bindings`;
}

function fromWheel(folder: string): Launch {
  const program = `${importBindings(folder)}; bindings.cli(['chroma'] + sys.argv[1:])`;
  return {
    command: 'python3',
    prefix: ['-c', program],
    env: { ANONYMIZED_TELEMETRY: 'False' },
    origin: `wheel, ${wheel.version}`,
  };
}
