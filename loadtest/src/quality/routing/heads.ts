import type { HeadName } from '@refrain/judgement';
import type { Fitted } from './ridge.ts';

/** All heads, fitted. */
export type Heads = Record<HeadName, Fitted>;
