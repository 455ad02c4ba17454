/** From what the schema complains about to a field of the file, and from the field to its place in the text. */
import { type Document, isMap, isNode } from 'yaml';
import type { z } from 'zod';

/** What is wrong with one field. */
export interface FieldFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A schema's complaint as faults of fields: an unknown key stands for itself, not for the map that holds it. */
export function toFieldFaults(issue: z.core.$ZodIssue): FieldFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a setting' }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: issue.path, message }));
  }
  if (issue.code === 'invalid_union') {
    // Of a value or a list of values, the branch that got furthest says what the writer meant.
    const furthest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
    const inner = furthest.flatMap(toFieldFaults).map(({ path, message }) => ({
      path: [...issue.path, ...path],
      message,
    }));
    return inner.length > 0 ? inner : [{ path: issue.path, message: issue.message }];
  }
  return [
    {
      path: issue.path,
      message: issue.message.replace(/^Invalid input: expected \w+, received undefined$/, 'is missing'),
    },
  ];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  const first = issues[0];
  if (!first) return -1;
  // A list given where one value is asked (or the other way round) got nowhere.
  return first.path.length > 0 ? 1 : first.code === 'invalid_type' ? -1 : 0;
}

/** Where a path, or its nearest parent that is there, begins in the text. */
export function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const last = path[length - 1];
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isNode(item.key) && String(item.key) === String(last));
      if (pair && isNode(pair.key)) return pair.key.range?.[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0];
  }
  return isNode(document.contents) ? document.contents.range?.[0] : undefined;
}

/** `routes[2].try[0]`. */
export function toFieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}
