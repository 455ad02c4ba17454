import type { Tier } from '@refrain/service';

/** How a caller says who it is. */
export interface Credentials {
  /** The key it presented, if any. */
  readonly apiKey?: string | undefined;
  /** The client its NATS subject names; the NATS server's permissions vouch for it. */
  readonly client?: string | undefined;
}

/** Who asks. */
export interface Caller {
  readonly tenant: string;
  readonly user: string;
  readonly tier: Tier;
}
