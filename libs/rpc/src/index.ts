export { type CallOptions, createGrpcClient, type GrpcClient } from './client.ts';
export { Encoded } from './definition.ts';
export { type CallContext, type Handlers, type RegisteredService, service } from './handlers.ts';
export { type GrpcServer, type GrpcServerOptions, startGrpcServer } from './server.ts';
export { toRichStatus } from './status.ts';
