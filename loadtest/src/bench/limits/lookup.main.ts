/** Limit, second hop: a bare server that reads the prepared answer from Redis. Environment: REDIS_URL, BENCH_KEY. */
import { create, fromBinary } from '@bufbuild/protobuf';
import { AnswerSchema, CacheService, LookupResponseSchema } from '@refrain/contracts';
import { createLogger } from '@refrain/service';
import { openState } from '@refrain/state';
import { serveBare } from './bare-grpc.ts';

const { REDIS_URL = '', BENCH_KEY = '' } = process.env;
const log = createLogger({ service: 'bench', level: 'error' });
// Patient: a limit that gave up on a busy machine would be none.
const state = openState({ url: REDIS_URL, name: 'bench', log, timeoutMs: 5000 });
const port = await serveBare(CacheService.method.lookup, async () => {
  const bytes = await state.get(BENCH_KEY);
  if (!bytes) throw new Error('the prepared answer is not in Redis');
  return create(LookupResponseSchema, { answer: fromBinary(AnswerSchema, bytes) });
});
process.send?.({ type: 'ready', grpc: `127.0.0.1:${port}` });
process.once('disconnect', () => process.exit(0));
