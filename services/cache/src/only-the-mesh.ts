/** A door for the mesh's own services and operators: whoever reaches it may ask for every tenant's answers. */
import { RefrainError } from '@refrain/errors';
import type { CallContext, RegisteredService } from '@refrain/rpc';
import { isOperator, type Secret } from '@refrain/service';

/** The same service for whoever has the mesh's secret; others get `unauthenticated`, or `denied` for another secret. */
export function onlyTheMesh({ descriptor, handlers }: RegisteredService, secret: Secret): RegisteredService {
  const guarded = Object.entries(handlers).map(([name, handler]) => [
    name,
    (request: never, context: CallContext) => {
      if (isOperator((header) => context.header(header), secret)) return handler(request, context);
      throw new RefrainError('unauthenticated', 'The cache is for services of the mesh: set REFRAIN_MESH_SECRET.', {
        reason: 'MESH_SECRET_MISSING',
      });
    },
  ]);
  return { descriptor, handlers: Object.fromEntries(guarded) };
}
