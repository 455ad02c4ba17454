/** Limit: one bare hop that answers a prepared answer. */
import { create } from '@bufbuild/protobuf';
import { CompleteResponseSchema, RouterService } from '@refrain/contracts';
import { sampleAnswer } from '../payload.ts';
import { serveBare } from './bare-grpc.ts';

const response = create(CompleteResponseSchema, { answer: sampleAnswer() });
const port = await serveBare(RouterService.method.complete, async () => response);
process.send?.({ type: 'ready', grpc: `127.0.0.1:${port}` });
process.once('disconnect', () => process.exit(0));
