/**
 * Answers with variables: the pattern "how do i reset my {device}" matches a question from its first to its last word, without regard
 * to case, spacing and outer punctuation; what a variable matched is filled into the answer. Matching is one pass of indexOf, so no
 * prompt can make it slow.
 */

/** A template of `refrain.yaml`. */
export interface Template {
  readonly name: string;
  readonly pattern: string;
  readonly answer: string;
  readonly serve: 'always' | 'fallback';
}

/** A template that matched, filled. */
export interface TemplateMatch {
  readonly name: string;
  readonly answer: string;
}

const variable = /\{(\w+)\}/g;
const maximumCharacters = 4000;

/** The first template of the kind that matches. */
export function matchTemplate(
  templates: readonly Template[],
  question: string,
  serve: Template['serve'],
): TemplateMatch | undefined {
  // What is longer is matched by its head, which is good enough for an apology, and not for an answer.
  if (serve === 'always' && question.length > maximumCharacters) return undefined;
  const plain = squeeze(question.slice(0, maximumCharacters));
  for (const template of templates) {
    if (template.serve !== serve) continue;
    const values = matchPattern(template.pattern, plain);
    if (!values) continue;
    const answer = template.answer.replace(variable, (whole, name: string) => values.get(name) ?? whole);
    return { name: template.name, answer };
  }
  return undefined;
}

/** The variables' values, or undefined where the pattern does not match. */
function matchPattern(pattern: string, question: string): Map<string, string> | undefined {
  const pieces = squeeze(pattern).split(variable);
  const haystack = lower(question);
  const values = new Map<string, string>();
  let from = 0;
  // split() with a group alternates: literal, name, literal, name, …, literal.
  for (let i = 0; i < pieces.length; i += 2) {
    const literal = lower(pieces[i] ?? '');
    const name = pieces[i - 1];
    const isLast = i === pieces.length - 1;
    const at = isLast
      ? Math.max(from, haystack.length - literal.length)
      : haystack.indexOf(literal, from + (name ? 1 : 0));
    if (at < 0 || !haystack.startsWith(literal, at) || (isLast && at + literal.length !== haystack.length))
      return undefined;
    if (!name && at !== from) return undefined;
    if (name) {
      const value = question.slice(from, at).trim();
      if (value === '') return undefined;
      values.set(name, value);
    }
    from = at + literal.length;
  }
  return values;
}

/** One space for any white space, and no punctuation outside; braces stay, they are a pattern's. */
function squeeze(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/^[^\p{L}\p{N}{]+|[^\p{L}\p{N}}]+$/gu, '');
}

/** Lower case of the same length, so that places in one are places in the other. */
function lower(text: string): string {
  const result = text.toLowerCase();
  return result.length === text.length ? result : text;
}
