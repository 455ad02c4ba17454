/** JSON may spell half of a character (`"\ud800"`); no encoding of a text can carry it, and each part of the mesh would change it in its own way. */

interface Place {
  readonly value: unknown;
  readonly above: Place | undefined;
  readonly step: string | number;
}

/** The path of a text or name in a JSON value that holds half a surrogate pair: '' for the value itself, undefined where there is none. */
export function pathOfIllFormed(json: unknown): string | undefined {
  // By hand, not by recursion: JSON may be nested deeper than the stack. Paths are made of the one place that is told.
  const ahead: Place[] = [{ value: json, above: undefined, step: '' }];
  for (let next = ahead.pop(); next; next = ahead.pop()) {
    const { value } = next;
    if (typeof value === 'string' && !value.isWellFormed()) return toPath(next);
    const below = (each: unknown, step: string | number) => {
      if (typeof each === 'string' || typeof each === 'object') ahead.push({ value: each, above: next, step });
    };
    if (Array.isArray(value)) value.forEach(below);
    else if (typeof value === 'object' && value !== null)
      for (const [name, each] of Object.entries(value)) {
        if (!name.isWellFormed()) return toPath(next);
        below(each, name);
      }
  }
  return undefined;
}

function toPath(place: Place): string {
  const steps: string[] = [];
  for (let at = place; at.above; at = at.above)
    steps.push(typeof at.step === 'number' ? `[${at.step}]` : `.${at.step}`);
  return steps.reverse().join('').replace(/^\./, '');
}
