/** The cache with the vectors of a file, `seed.vectors` in the models' folder, in place of a model: for filling a Redis before a measurement. */
import { join } from 'node:path';
import { runService } from '@refrain/service';
import { loadConfig } from './config.ts';
import { openGivenVectors } from './embedder/given-vectors.ts';
import { startCache } from './start.ts';

await runService({
  name: 'cache',
  logLevel: process.env.LOG_LEVEL,
  stopSeconds: process.env.STOP_SECONDS,
  start: (scope) =>
    startCache(loadConfig(process.env), scope, ({ modelsFolder }) =>
      openGivenVectors(join(modelsFolder, 'seed.vectors')),
    ),
});
