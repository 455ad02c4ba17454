/** What a caller may have meant by a name that nobody has. */
import { editDistance } from './verifier/edit-distance.ts';

/** More would be a list, not a hint. */
const most = 3;
/** A long name costs as much as a short one, and is no typing error. */
const longest = 100;

/**
 * Of `names` those whose own part behind a slash is the name; else the one that is as it was typed but for a letter in four, in upper or
 * lower case; else none. Three at most.
 */
export function meantNames(name: string, names: readonly string[]): string[] {
  const typed = name.slice(0, longest).toLowerCase();
  const last = lastPart(typed);
  const same = names.filter((each) => lastPart(each.toLowerCase()) === last);
  if (same.length > 0) return same.slice(0, most);
  let best: string | undefined;
  let least = Math.floor(typed.length / 4) + 1;
  for (const each of names) {
    const lower = each.toLowerCase();
    const distance = Math.min(editDistance(typed, lower, least), editDistance(last, lastPart(lower), least));
    if (distance < least) [best, least] = [each, distance];
  }
  return best === undefined ? [] : [best];
}

/** "Did you mean a or b? ", or nothing. */
export function meantHint(name: string, names: readonly string[]): string {
  const meant = meantNames(name, names);
  return meant.length === 0 ? '' : `Did you mean ${meant.join(' or ')}? `;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
