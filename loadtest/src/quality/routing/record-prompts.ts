/**
 * Demands on records that come with them: rows of numbers, sentences, reviews, formulas. What is asked is writing (to take out, to sort, to
 * bring into a form), however much the records look like sums, tables or code.
 */
import type { Random } from '../fit/random.ts';

const list = (text: string): string[] => text.trim().split(/\s*\n\s*/);
const words = (text: string): string[] => text.split('|').map((each) => each.trim());

const demands = list(`Extract every date, place and amount from the records below.
  From the following entries, list the newest and the oldest for each name.
  Which of the entries below stands out, and who is responsible for it?
  Tag the cities, people and organisations in the following lines.
  Collect every name and code that occurs below, without repeating any.
  Read the following statements and sort them under the headings Finance, Health, Travel and Other.
  Which products are mentioned in these messages? Collect them.
  For each of the following comments give a mood: good, bad or mixed.
  For each paragraph below note who acts, where, and when.
  Turn the following notes into a table.
  Return the names and the totals that stand in this report.
  Count how often each product appears in the following list.
  Match each of the following questions with one of the topics: billing, delivery, returns.
  Fill in this form with what the message says.
  Pull the units and quantities out of these lines.`);

const outputs = list(`Return JSON.
  Give the result as CSV, with a heading.
  Answer in the form "name: value", one line each.
  Use a Markdown table.
  Return an array with one object for each line.
  Output only the list, parted by commas.
  Put each result on its own line, in the order given.
  Format: | field | value |
  Answer briefly.
  Then say in one sentence what stands out.`);

const people = words(
  'Marta Silva|Owen Blake|Priya Nair|Tomasz Zielinski|Aiko Mori|Lena Vogt|Samuel Adeyemi|Noor Haddad',
);
const firms = words('Alder Works|Bluegate|Corvina Ltd|Dunmore Steel|Esker Foods|Fennwood|Gantry Media|Holm & Sons');
const places = words('Lisbon|Oslo|Nairobi|Quito|Osaka|Riga|Accra|Perth|Naples|Hanoi');
const goods = words('kettle|desk lamp|running shoes|backpack|coffee grinder|headset|raincoat|bicycle pump');
const verdicts = words(
  'works well and arrived early|broke after a week|is fine for the price|is too loud|was a present and much liked|smells odd',
);

/** A demand on records, with or without a form for the answer. The same for the same state of `random`. */
export function recordPrompt(random: Random): string {
  const pick = <T>(from: readonly T[]): T => random.pick(from);
  const number = (below: number) => 1 + random.below(below);
  const day = () => `${2001 + random.below(24)}-0${number(9)}-${9 + number(18)}`;
  const kinds: (() => string)[] = [
    () =>
      `${pick(firms)}, led by ${pick(people)}, reported ${number(90)} million in sales and a profit of ${number(20)} million in ${1990 + number(34)}`,
    () => `${day()}, ${number(300)}.${number(89)}, ${number(300)}.${number(89)}, ${number(900)}000`,
    () =>
      `${pick(people)} moved from ${pick(places)} to ${pick(places)} in ${1950 + number(70)} and later taught there.`,
    () => `The ${pick(goods)} ${pick(verdicts)}.`,
    () => `${number(9)}x^${number(4)} + ${number(9)}y = ${number(40)}z - ${number(9)}`,
    () =>
      `"The ${pick(words('Harbour|Winter|Orchard|Glass|Silent'))} ${pick(words('House|Year|Garden|Bridge'))}" by ${pick(people)} (${1900 + number(120)}) follows ${pick(people)}, who comes back to ${pick(places)}.`,
    () => `${pick(goods)}: ${number(60)} pieces at ${number(90)} euros, sold by ${pick(people)}`,
    () => `In ${pick(places)} people speak of ${pick(firms)} and its ${pick(goods)}.`,
  ];
  const kind = pick(kinds);
  const marks = pick([(i: number) => `${'abcdefgh'[i]}) `, (i: number) => `${i + 1}. `, () => '- ', () => '']);
  const records = Array.from({ length: 2 + random.below(6) }, (_, i) => `${marks(i)}${kind()}`);
  const body = records.join(pick(['\n', '\n', '\n\n', ' ']));
  const fenced = random.below(5) === 0 ? `\`\`\`\n${body}\n\`\`\`` : body;
  const demand = [pick(demands), ...(random.below(3) > 0 ? [pick(outputs)] : [])].join(' ');
  return random.below(4) === 0 ? `${fenced}\n${demand}` : `${demand}\n${fenced}`;
}
