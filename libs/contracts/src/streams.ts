/** Definitions of the JetStream streams that must survive a restart. */
import { deadJobSubject, eventSubject, jobStateSubject, jobsSubject, meshTenant, reviewSubject } from './subjects.ts';

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

/**
 * Questions that wait for an answer: a work queue. What is too late is taken off by the jobs service, which says so; the age is for a mesh
 * that comes back after days.
 */
export const jobsStream = {
  name: 'refrain-jobs',
  subjects: [jobsSubject],
  retention: 'work-queue',
  maxAgeSeconds: 7 * 24 * 3600,
  maxBytes: 128 * 1024 * 1024,
  duplicateWindowSeconds: 120,
} as const;

/** How jobs stand and what their answers are, the last word on each, for 24 hours after it was said. */
export const jobsStateStream = {
  name: 'refrain-jobs-state',
  subjects: [jobStateSubject('*'), 'refrain.v1.jobs.key.*'],
  retention: 'last-each',
  maxAgeSeconds: 24 * 3600,
  maxBytes: 256 * 1024 * 1024,
  duplicateWindowSeconds: 120,
} as const;

/** Jobs whose every try failed: for 30 days an operator may look at them and have them tried again. */
export const deadStream = {
  name: 'refrain-dead',
  subjects: [deadJobSubject('*')],
  retention: 'last-each',
  maxAgeSeconds: 30 * 24 * 3600,
  maxBytes: 128 * 1024 * 1024,
  duplicateWindowSeconds: 120,
} as const;

/** What operators were told, for 7 days. It is a log: when it is full the oldest make room, for the newest are why somebody looks. */
export const alertsStream = {
  name: 'refrain-alerts',
  subjects: [eventSubject(meshTenant, 'alert')],
  whenFull: 'drop-oldest',
  maxAgeSeconds: 7 * 24 * 3600,
  maxBytes: 8 * 1024 * 1024,
  duplicateWindowSeconds: 120,
} as const;
