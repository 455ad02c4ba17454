/** Definitions of the JetStream streams that must survive a restart. */

/** Usage records of the workers: 7 days, deduplicated by attempt id over 2 minutes; new ones are refused when full. */
export const usageStream = {
  name: 'refrain-usage',
  subjects: ['refrain.v1.usage.*'],
  maxAgeSeconds: 7 * 24 * 3600,
  maxBytes: 256 * 1024 * 1024,
  duplicateWindowSeconds: 120,
} as const;
