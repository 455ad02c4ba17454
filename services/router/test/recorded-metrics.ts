import type { RouterMetrics } from '../src/metrics.ts';

/** Metrics that remember what they were told: a line for each call, its name first. */
export function recordedMetrics(): RouterMetrics & { readonly lines: string[] } {
  const lines: string[] = [];
  const note = (...words: unknown[]) => void lines.push(words.join(' '));
  return {
    lines,
    answered: (face, answer) => note('answered', face, answer.provenance?.provider),
    failed: (face, code) => note('failed', face, code),
    refused: (face, code) => note('refused', face, code),
    began: (source) => note('began', source),
    cacheFailed: (call, reason) => note('cacheFailed', call, reason),
    sharingFailed: (reason) => note('sharingFailed', reason),
    eventDropped: () => note('eventDropped'),
    queued: (outcome) => note('queued', outcome),
    breakerOpened: (provider, model) => note('breakerOpened', provider, model),
    spared: (provider, why) => note('spared', provider, why),
    hedged: (provider, what) => note('hedged', provider, what),
    revalidated: (outcome) => note('revalidated', outcome),
    learned: (kind, outcome) => note('learned', kind, outcome),
  };
}
