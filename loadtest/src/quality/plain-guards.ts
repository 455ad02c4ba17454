/** The guards that a day's work gives: what everybody tries first, kept as a baseline beside the verifier. */
const opposites = new Set(
  'enable disable|on off|open close|buy sell|increase decrease|more less|start stop|before after|above below|with without|best worst|good bad|high low|min max|minimum maximum|first last|add remove|create delete|allow deny|accept reject|up down|left right|hot cold|import export|upload download|lock unlock|install uninstall|include exclude|positive negative|gain lose|long short|large small|legal illegal|safe dangerous|true false'
    .split('|')
    .flatMap((pair) => [pair, pair.split(' ').reverse().join(' ')]),
);
const digits = (text: string) => (text.match(/\d+/g) ?? []).sort().join(' ');
const negations = (text: string) => (text.match(/\b(?:not|no|never|without|cannot)\b|n't\b/gi) ?? []).length;
const wordsOf = (text: string) => new Set(text.toLowerCase().match(/\p{L}+/gu) ?? []);
const capitals = (text: string) => new Set(text.match(/(?<!^)(?<![.!?] )\b\p{Lu}\p{L}+/gu) ?? []);

/** True where they would not serve one question's answer for the other. */
export function plainGuardsRefuse(a: string, b: string): boolean {
  if (digits(a) !== digits(b) || negations(a) % 2 !== negations(b) % 2) return true;
  const [x, y] = [wordsOf(a), wordsOf(b)];
  const only = [...x].filter((word) => !y.has(word));
  const other = [...y].filter((word) => !x.has(word));
  if (only.some((word) => other.some((each) => opposites.has(`${word} ${each}`)))) return true;
  const lacks = (names: Set<string>, words: Set<string>) => [...names].some((name) => !words.has(name.toLowerCase()));
  return lacks(capitals(a), y) && lacks(capitals(b), x);
}
