/** JSON may spell half of a character (`"\ud800"`); no encoding of a text can carry it, and each part of the mesh would change it in its own way. */

/** The path of the first text in a JSON value that holds half a surrogate pair: '' where it is the value itself, undefined where none is. */
export function pathOfIllFormed(json: unknown): string | undefined {
  // By hand, not by recursion: JSON may be nested deeper than the stack.
  const ahead: { readonly value: unknown; readonly path: string }[] = [{ value: json, path: '' }];
  for (let next = ahead.pop(); next; next = ahead.pop()) {
    const { path, value } = next;
    if (typeof value === 'string' && !value.isWellFormed()) return path;
    if (typeof value !== 'object' || value === null) continue;
    const isList = Array.isArray(value);
    // The last first, so that the first is the next to be looked at.
    for (const [key, each] of Object.entries(value).reverse()) {
      if (!key.isWellFormed()) return path;
      ahead.push({ value: each, path: join(path, key, isList) });
    }
  }
  return undefined;
}

function join(path: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}
