/** A whole mesh for a test: `npm start` itself, in a home of its own, on free ports, on the parts and models that are there already. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelsFolder, partsFolder } from '@refrain/testkit';
import { root } from '../src/check/step.ts';
import { type MeshFile, readMeshFile } from '../src/start/mesh-file.ts';

/** What a test's mesh differs in. */
export interface TestMeshOptions {
  readonly routers?: number;
  /** Text of its refrain.yaml; the repository's where absent. */
  readonly config?: string;
  /** Over the test's own: REDIS_URL, provider keys, ports. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: a new one, removed at the end. */
  readonly home?: string;
}

/** A start that runs, whether its mesh is up yet or not. */
export interface MeshStart {
  readonly child: ChildProcess;
  readonly home: string;
  /** All it has printed so far. */
  output(): string;
  /** Its exit code. */
  readonly exited: Promise<number | null>;
}

/** A mesh that is up. */
export interface TestMesh extends MeshStart {
  /** `mesh.json` as it is now: a process that was started again has another pid there. */
  file(): MeshFile;
  /** Of a service or of a part that the mesh started. @throws Error where there is none */
  pidOf(name: string): number;
  /** SIGTERM to the start; gives its exit code when all has ended, and removes the home. */
  stop(): Promise<number | null>;
}

const anyPort = Object.fromEntries(
  [
    'REFRAIN_REDIS_PORT',
    'REFRAIN_NATS_PORT',
    'REFRAIN_CHROMA_PORT',
    'ROUTER_GRPC_PORT',
    'ROUTER_HTTP_PORT',
    'ROUTER_OPS_PORT',
    'CACHE_PORT',
    'CACHE_OPS_PORT',
    'JOBS_PORT',
    'JOBS_OPS_PORT',
    'PROVIDER_OPS_PORT',
    'PROVIDER_LLAMA_OPS_PORT',
  ].map((name) => [name, '0']),
);
/** Nothing listens there: what the machine's own Ollama has must not change a test. */
const noOllama = 'http://127.0.0.1:1';

/** Begins a start without waiting for the mesh; the caller ends it. */
export function beginStart(options: TestMeshOptions = {}): MeshStart {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'refrain-mesh-'));
  const configFile = join(home, 'refrain.yaml');
  if (options.config !== undefined) writeFileSync(configFile, options.config);
  const { PATH = '', HOME = '' } = process.env;
  const child = fork(join(root, 'deploy/local/src/start.ts'), ['--routers', String(options.routers ?? 1)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH,
      HOME,
      REFRAIN_HOME: home,
      REFRAIN_PARTS: partsFolder,
      REFRAIN_MODELS: modelsFolder,
      REFRAIN_CONFIG: options.config === undefined ? join(root, 'refrain.yaml') : configFile,
      OLLAMA_URL: noOllama,
      ...anyPort,
      ...options.env,
    },
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, home, output: () => output, exited };
}

/** Starts a mesh and waits until it is healthy. @throws Error with all it printed */
export async function startMesh(options: TestMeshOptions = {}): Promise<TestMesh> {
  const start = beginStart(options);
  const up = new Promise<'up'>((resolve) => start.child.once('message', () => resolve('up')));
  const outcome = await Promise.race([up, start.exited]);
  const remove = () => options.home ?? rmSync(start.home, { recursive: true, force: true, maxRetries: 5 });
  if (outcome !== 'up') {
    remove();
    throw new Error(`the mesh did not start (${outcome}):\n${start.output()}`);
  }
  const file = () => {
    const mesh = readMeshFile(join(start.home, 'mesh.json'));
    if (!mesh) throw new Error(`the mesh is not up any more:\n${start.output()}`);
    return mesh;
  };
  const pidOf = (name: string) => {
    const { processes, parts } = file();
    const found = [...processes, ...parts].find((each) => each.name === name);
    if (!found) throw new Error(`the mesh runs no ${name}`);
    return found.pid;
  };
  const { child } = start;
  // A test that fails before it stops its mesh ends all the same, and the mesh with it.
  for (const held of [child, child.channel, child.stdout as Socket, child.stderr as Socket]) held?.unref();
  const stop = async () => {
    child.ref();
    child.kill('SIGTERM');
    const code = await start.exited;
    remove();
    return code;
  };
  return { ...start, file, pidOf, stop };
}

/** The processes that a start in this home has brought up and that still run, as "pid command line". */
export function processesOf(home: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return environment.includes(`REFRAIN_HOME=${home}`) ? [`${pid} ${command}`] : [];
      } catch {
        // It ended while we looked, or is somebody else's.
        return [];
      }
    });
}
