import { identify } from '@refrain/service';
import type { Caller, Credentials } from '../caller.ts';
import type { Settings } from '../settings.ts';

/** Step 1: who is asking. @throws RefrainError `unauthenticated` or `denied`, as `identify` says */
export function authenticate(credentials: Credentials, { callers, mesh }: Settings): Caller {
  return identify(credentials, { byKeyHash: callers, local: mesh.local });
}
