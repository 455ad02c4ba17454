import { runService } from '@refrain/service';
import { loadConfig } from './config.ts';
import { startCache } from './start.ts';

await runService({
  name: 'cache',
  logLevel: process.env.LOG_LEVEL,
  stopSeconds: process.env.STOP_SECONDS,
  start: (scope) => startCache(loadConfig(process.env), scope),
});
