import { z } from 'zod';

/**
 * A list in which the first fault ends the reading: half a million wrong items would be half a million reports, made while everybody else
 * waits, and one of them is told.
 */
export function listOf<T extends z.ZodType>(item: T, maximum = Number.POSITIVE_INFINITY) {
  return z.array(z.unknown()).transform((items, context) => {
    if (items.length > maximum) {
      context.issues.push({ code: 'custom', input: items.length, message: `must not have more than ${maximum}` });
      return z.NEVER;
    }
    const read: z.output<T>[] = [];
    for (const [i, each] of items.entries()) {
      const result = item.safeParse(each);
      if (!result.success) {
        for (const issue of result.error.issues)
          context.issues.push({ ...issue, input: each, path: [i, ...issue.path] } as z.core.$ZodRawIssue);
        return z.NEVER;
      }
      read.push(result.data);
    }
    return read;
  });
}
