import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptProcess, type Running, restartPauseMs } from './kept-process.ts';
import { ProcessEnded } from './process-ended.ts';

const crash = (isFinal = false) => new ProcessEnded('it', 'exit code 1', { words: [], isFinal });

/** A process that ends when told; `starts` holds them all. A start may be made to fail. */
function bench(options: { faults?: Error[]; pauseMs?: (failures: number) => number } = {}) {
  const faults = [...(options.faults ?? [])];
  const abort = new AbortController();
  const starts: { crash: (ended?: ProcessEnded) => void }[] = [];
  const said: string[] = [];
  const fatal: unknown[] = [];
  const restarts: (() => void)[] = [];
  const kept = new KeptProcess<Running>({
    name: 'it',
    signal: abort.signal,
    say: (line) => said.push(line),
    onRestart: () => restarts.shift()?.(),
    onFatal: (error) => fatal.push(error),
    pauseMs: options.pauseMs ?? (() => 1),
    start: async () => {
      const fault = faults.shift();
      if (fault) throw fault;
      const { promise, resolve } = Promise.withResolvers<ProcessEnded>();
      starts.push({ crash: (ended = crash()) => resolve(ended) });
      return { pid: starts.length, exited: promise, stop: async () => resolve(crash()), kill: () => resolve(crash()) };
    },
  });
  const restarted = () => new Promise<void>((resolve) => restarts.push(resolve));
  return { kept, abort, starts, said, fatal, restarted };
}

test('a process that ends by itself is started again, with a word', async () => {
  const { kept, abort, starts, said, restarted } = bench();
  await kept.start();
  const again = restarted();
  starts[0]?.crash();
  await again;
  assert.equal(kept.current.pid, 2);
  assert.deepEqual(said, ['it ended (exit code 1)', 'starting it again in 0.001 s', 'it runs again (process 2)']);
  abort.abort();
  await kept.stop();
});

test('the pause grows with each end and has a limit', () => {
  assert.deepEqual([1, 2, 3, 8, 50].map(restartPauseMs), [250, 500, 1000, 30_000, 30_000]);
});

test('the first start is tried three times, the third fault is thrown', async () => {
  const faults = ['one', 'two', 'three', 'four'].map((text) => new Error(text));
  const pauses: number[] = [];
  const { kept } = bench({ faults, pauseMs: (failures) => pauses.push(failures) });
  await assert.rejects(kept.start(), /three/);
  assert.deepEqual(pauses, [1, 2]);
});

test('a configuration that cannot be used is not tried again, at the first start or later', async () => {
  const first = bench({ faults: [crash(true)] });
  await assert.rejects(first.kept.start(), crash(true));
  assert.deepEqual(first.said, []);

  const later = bench();
  await later.kept.start();
  later.starts[0]?.crash(crash(true));
  later.abort.abort();
  await later.kept.stop();
  assert.equal(later.starts.length, 1);
});

test('an end that was asked for starts nothing, also during a pause', async () => {
  const asked = bench();
  await asked.kept.start();
  asked.abort.abort();
  await asked.kept.stop();
  assert.deepEqual([asked.starts.length, asked.said.length], [1, 0]);

  const { promise: pausing, resolve } = Promise.withResolvers<void>();
  const paused = bench({
    pauseMs: () => {
      resolve();
      return 60_000;
    },
  });
  await paused.kept.start();
  paused.starts[0]?.crash();
  await pausing;
  paused.abort.abort();
  await paused.kept.stop();
  assert.equal(paused.starts.length, 1);
  assert.deepEqual(paused.fatal, []);
});

test('an end that starting again will not help is fatal', async () => {
  const { kept, starts, fatal, abort } = bench();
  await kept.start();
  starts[0]?.crash(crash(true));
  await kept.stop();
  assert.deepEqual(fatal, [crash(true)]);
  abort.abort();
});

test('a process that was on its way up when all is to end is ended as well', async () => {
  const abort = new AbortController();
  const ends = [Promise.withResolvers<ProcessEnded>(), Promise.withResolvers<ProcessEnded>()] as const;
  const [up, starting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stopped: number[] = [];
  let started = 0;
  const kept = new KeptProcess<Running>({
    ...{ name: 'it', signal: abort.signal, pauseMs: () => 1 },
    ...{ say: () => undefined, onRestart: () => undefined, onFatal: () => undefined },
    start: async () => {
      const pid = started;
      started += 1;
      if (pid === 1) {
        starting.resolve();
        await up.promise;
      }
      const end = ends[pid as 0 | 1];
      const stop = async () => {
        stopped.push(pid);
        end.resolve(crash());
      };
      return { pid, exited: end.promise, stop, kill: () => undefined };
    },
  });
  await kept.start();
  ends[0].resolve(crash());
  await starting.promise;
  abort.abort();
  const over = kept.stop();
  up.resolve();
  await over;
  assert.deepEqual(stopped, [0, 1]);
});
