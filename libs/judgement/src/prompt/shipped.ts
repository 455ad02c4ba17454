import weights from '../weights/prompt.json' with { type: 'json' };
import type { PromptWeights } from './model.ts';

/** The weights that ship. */
export const shippedPromptWeights: PromptWeights = weights as unknown as PromptWeights;
