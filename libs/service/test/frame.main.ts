/** A service for the tests of the frame; its first argument says how it behaves. */
import { ConfigError, runService } from '../src/index.ts';

const mode = process.argv[2];

await runService({
  name: 'frame',
  logLevel: process.env.LOG_LEVEL || undefined,
  stopSeconds: process.env.STOP_SECONDS,
  start: async ({ log, onStop, reload, stopMs }) => {
    if (mode === 'config') {
      throw new ConfigError('refrain.yaml', [
        { path: 'limits.attempts', line: 9, column: 3, message: 'is wrong' },
        { path: 'keys', message: 'is wrong too' },
      ]);
    }
    log.info({ stopMs }, 'starting');
    onStop(() => log.info({}, 'stopped first part'));
    onStop(async () => {
      log.info({}, 'stopped second part');
      if (mode === 'bad-stop') throw new Error('stuck');
      if (mode === 'slow-stop') await new Promise(() => undefined);
    });
    if (mode === 'refused') {
      reload(() => {
        throw new ConfigError('refrain.yaml', [{ path: 'limits.attempts', line: 9, column: 3, message: 'is wrong' }]);
      });
    }
    if (mode === 'fault') throw new Error('no luck');
    if (mode === 'reject') setTimeout(() => Promise.reject(new Error('nobody caught me')), 20);
    return {
      ready: () => ({ ok: true, parts: { all: 'ready' } }),
      ops: { host: '127.0.0.1', port: 0 },
      announce: { grpc: '127.0.0.1:1' },
    };
  },
});
