/**
 * `npm start`: the whole mesh on one machine. Finds or fetches Redis, NATS, Chroma and the models, starts every service, prints where all of it is, keeps it
 * running, and ends all of it with Ctrl-C. Under a supervisor (an IPC channel) it says when it is up and ends when that goes, as a service does.
 */
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { loadMeshConfig } from '@refrain/service';
import { readArguments, usage } from './start/arguments.ts';
import { boundLogs } from './start/bound-logs.ts';
import { endOnSignals, exitCodeOf, toWords } from './start/ending.ts';
import { Fleet } from './start/fleet.ts';
import { holdHome } from './start/hold-home.ts';
import { type Mesh, startMesh } from './start/mesh.ts';
import { removeMeshFile, writeMeshFile } from './start/mesh-file.ts';
import { createScreen } from './start/screen.ts';
import { loadSettings } from './start/settings.ts';
import { toSummary } from './start/summary.ts';
import { toMeshFile } from './start/to-mesh-file.ts';

if (!process.version.startsWith('v24.')) {
  process.stderr.write(
    `refrain: this needs Node 24 and runs on ${process.version}: use \`npm start\`, which brings it.\n`,
  );
  process.exit(1);
}

const began = performance.now();
const screen = createScreen((text) => process.stderr.write(text));
// Whoever read us may be gone (a closed terminal, a pipe to `head`); that is no reason to leave processes behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const end = new AbortController();
try {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted === 'help') process.stdout.write(usage);
  else await run(wanted);
} catch (error) {
  end.abort(error);
  screen.say(toWords(error));
}
process.exit(end.signal.aborted ? exitCodeOf(end.signal.reason) : 0);

async function run(wanted: { routers: number }): Promise<void> {
  const settings = loadSettings(process.env);
  const config = loadMeshConfig(settings.configFile);
  const { home } = settings;
  await holdHome(home.folder);
  removeMeshFile(home.meshFile);
  mkdirSync(home.logs, { recursive: true });
  mkdirSync(home.data, { recursive: true });
  // One that is there may be of a start that left it open to all users of the machine.
  chmodSync(home.data, 0o700);
  const stopBounding = boundLogs(home.logs, { say: screen.say });

  let mesh: Mesh | undefined;
  const fleet = new Fleet({
    signal: end.signal,
    say: screen.say,
    onRestart: () => mesh && writeMeshFile(home.meshFile, toMeshFile(mesh)),
    onFatal: (error) => end.abort(error),
  });
  endOnSignals(end, () => {
    fleet.kill();
    process.exit(130);
  });
  try {
    const context = { settings, config, env: process.env, ...wanted, screen, fleet, end };
    mesh = await startMesh(context);
    writeMeshFile(home.meshFile, toMeshFile(mesh));
    process.stdout.write(toSummary(mesh, context, (performance.now() - began) / 1000));
    process.send?.({ type: 'ready', mesh: toMeshFile(mesh) });
    await once(end.signal, 'abort');
  } catch (error) {
    end.abort(error);
  }
  removeMeshFile(home.meshFile);
  screen.say(toWords(end.signal.reason));
  await screen.during('stopping', fleet.stop());
  stopBounding();
}
