/** What is wrong with a body, field by field, each by the path its sender wrote it at. */
import { type FieldViolation, RefrainError } from '@refrain/errors';
import type { z } from 'zod';

/** A name may be as long as the body: so much of it is said again, and so many of them. */
const nameCharacters = 100;
const names = 5;

interface Fault extends FieldViolation {
  readonly isUnknown: boolean;
}

/** The error for a body that a schema refused: `unsupported` where it has fields that nobody reads, else `invalid`, with every fault. */
export function toBodyError({ issues }: z.ZodError): RefrainError {
  const faults = issues.flatMap(toFaults);
  const unknown = faults.filter(({ isUnknown }) => isUnknown);
  if (unknown.length > 0) return unsupported(unknown.map(({ field }) => field));
  const fields = faults.map(({ description, field }) => ({ field, description }));
  return new RefrainError('invalid', fields[0] ? toSentence(fields[0]) : 'The request is not valid.', { fields });
}

/** The error for parameters that are known and not passed on, or not known at all; `advice` says what to do instead. */
export function unsupported(fields: readonly string[], advice?: string): RefrainError {
  const told = fields.slice(0, names).map(shortened);
  const more = fields.length > told.length ? ' and more' : '';
  return new RefrainError(
    'unsupported',
    `Unsupported parameter: ${told.join(', ')}${more}.${advice ? ` ${advice}` : ''}`,
    {
      reason: 'UNSUPPORTED_PARAMETER',
      fields: told.map((field) => ({ field, description: 'is not supported' })),
    },
  );
}

function toSentence({ field, description }: FieldViolation): string {
  return /^(?:is|must) /.test(description) ? `${field} ${description}.` : `${field}: ${description}`;
}

function toFaults(issue: z.core.$ZodIssue): Fault[] {
  const met = deepest(issue);
  const path = toPath(met.path);
  if (met.issue.code === 'unrecognized_keys')
    return met.issue.keys.slice(0, names + 1).map((key) => ({
      field: path === '' ? key : `${path}.${key}`,
      description: 'is not supported',
      isUnknown: true,
    }));
  const description = met.issue.message.replace(/^Invalid input: .* received undefined$/, 'is missing');
  return [{ field: path === '' ? 'body' : shortened(path), description, isUnknown: false }];
}

function toPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** Of a field that may be two things the fault of the one it seems to be: the one that failed furthest inside. */
function deepest(issue: z.core.$ZodIssue): { issue: z.core.$ZodIssue; path: readonly PropertyKey[] } {
  if (issue.code !== 'invalid_union') return { issue, path: issue.path };
  const inner = issue.errors
    .flat()
    .reduce<z.core.$ZodIssue | undefined>(
      (best, each) => (each.path.length > (best?.path.length ?? 0) ? each : best),
      undefined,
    );
  if (!inner) return { issue, path: issue.path };
  const met = deepest(inner);
  return { issue: met.issue, path: [...issue.path, ...met.path] };
}

/** A name or path as it is told: no longer than is of use to who reads it. */
export function shortened(name: string): string {
  return name.length > nameCharacters ? `${name.slice(0, nameCharacters)}…` : name;
}
