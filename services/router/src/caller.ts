export type { Caller, Credentials } from '@refrain/service';
