/** Limit, first hop: a bare relay to the lookup server. Environment: LOOKUP_ADDR. */
import { create } from '@bufbuild/protobuf';
import {
  CacheService,
  type CompleteRequest,
  CompleteResponseSchema,
  LookupRequestSchema,
  type LookupResponse,
  RouterService,
} from '@refrain/contracts';
import { callBare, serveBare } from './bare-grpc.ts';

const lookup = callBare(CacheService.method.lookup, process.env.LOOKUP_ADDR ?? '');
const port = await serveBare(RouterService.method.complete, async (message) => {
  const { chat } = message as CompleteRequest;
  const found = (await lookup(
    create(LookupRequestSchema, { tenant: 'local', ...(chat && { chat }) }),
  )) as LookupResponse;
  return create(CompleteResponseSchema, { ...(found.answer && { answer: found.answer }) });
});
process.send?.({ type: 'ready', grpc: `127.0.0.1:${port}` });
process.once('disconnect', () => process.exit(0));
