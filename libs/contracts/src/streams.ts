/** Definitions of the JetStream streams that must survive a restart. */
import { reviewSubject } from './subjects.ts';

/** Usage records of the workers: 7 days, deduplicated by attempt id over 2 minutes; new ones are refused when full. */
export const usageStream = {
  name: 'refrain-usage',
  subjects: ['refrain.v1.usage.*'],
  maxAgeSeconds: 7 * 24 * 3600,
  maxBytes: 256 * 1024 * 1024,
  duplicateWindowSeconds: 120,
} as const;

/**
 * Semantic hits to be asked afresh: a work queue, each taken by one router and gone when it is done. After an hour a review says little
 * about what is served now; it is a sample, and when the queue is full what is new is left out.
 */
export const reviewStream = {
  name: 'refrain-review',
  subjects: [reviewSubject],
  retention: 'work-queue',
  maxAgeSeconds: 3600,
  maxBytes: 64 * 1024 * 1024,
  duplicateWindowSeconds: 120,
} as const;
