import type { Learning } from '../learning/learning.ts';
import type { LookupParts } from './lookup.ts';

/**
 * The parts of a lookup for somebody who only wants to know what would be answered. It goes the same way and finds the same; it is counted
 * by nobody, teaches nothing, and leaves neither an alias nor a filled template. How long its parts took is still measured.
 */
export function withoutTraces(parts: LookupParts & { readonly learning: Learning }): LookupParts {
  const { exact, learning } = parts;
  const ignore = () => undefined;
  return {
    ...parts,
    exact: { get: (tenant, id) => exact.get(tenant, id), set: async () => false },
    aliases: { keep: async () => false },
    counts: { asked: ignore, evicted: ignore, looked: ignore, refused: ignore },
    uses: { takeLeast: async () => [], used: ignore },
    learning: {
      trust: learning.trust,
      // A level that is switched off is looked into now and then: whose turn that is is not this one's to use up.
      mayLook: (partition, settings) => learning.isOn(partition, settings),
      shift: (partition) => learning.shift(partition),
      refusal: (partition, hit, settings) => learning.refusal(partition, hit, settings),
      compared: ignore,
      looked: ignore,
      served: ignore,
      wouldHit: ignore,
    },
  };
}
