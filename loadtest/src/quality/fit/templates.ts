/** Pairs made from sentence frames, for what edits of real questions reach badly: roles, tenses, relations that hold one way or both. */
import { firstNames, lastNames, places } from './lists.ts';
import type { Random } from './random.ts';

/** A pair with its label. */
export interface MadePair {
  readonly a: string;
  readonly b: string;
  readonly label: 0 | 1;
  readonly kind: string;
}

const list = (words: string) => words.split(' ');
const jobs = list(
  'teacher lawyer nurse pilot baker farmer plumber editor painter banker chemist tailor surgeon architect reporter',
);
const traits = list(
  'shy calm loyal strict funny lazy tall wealthy famous German Turkish Brazilian Catholic vegetarian retired',
);
const opposed: readonly (readonly [string, string])[] = [
  ['happy', 'sad'],
  ['brave', 'cowardly'],
  ['honest', 'dishonest'],
  ['patient', 'impatient'],
  ['rich', 'poor'],
  ['strong', 'weak'],
  ['polite', 'rude'],
  ['active', 'passive'],
  ['smart', 'stupid'],
  ['visible', 'invisible'],
  ['confident', 'insecure'],
  ['tidy', 'messy'],
  ['humble', 'arrogant'],
  ['optimistic', 'pessimistic'],
];
const alike: readonly (readonly [string, string])[] = [
  ['happy', 'glad'],
  ['brave', 'courageous'],
  ['smart', 'clever'],
  ['polite', 'courteous'],
  ['rich', 'wealthy'],
  ['calm', 'relaxed'],
  ['famous', 'well-known'],
  ['angry', 'furious'],
  ['strong', 'powerful'],
  ['quick', 'fast'],
];
const oneWay = list('helping following teaching paying calling watching leading training hiring blaming');
const verbs: readonly (readonly [string, string, string])[] = [
  ['help', 'helps', 'helped'],
  ['follow', 'follows', 'followed'],
  ['teach', 'teaches', 'taught'],
  ['pay', 'pays', 'paid'],
  ['admire', 'admires', 'admired'],
  ['trust', 'trusts', 'trusted'],
  ['invite', 'invites', 'invited'],
  ['support', 'supports', 'supported'],
  ['blame', 'blames', 'blamed'],
];
const things = list('car house boat book phone garden piano bicycle painting shop');
const animals = list('dog cat horse rabbit parrot hamster goat duck sheep pig cow snake');
const foods = list('apples bread rice cheese carrots grapes nuts beans eggs honey');
const acts = list('drive swim run sing smoke camp fish hunt park protest');
const did = list('wash clean feed brush paint repair weigh measure open charge');
const both = ['friends with', 'married to', 'engaged to', 'related to', 'next to', 'similar to'];

/** Makes `count` pairs. */
export function pairsFromTemplates(random: Random, count: number): MadePair[] {
  const name = () => random.pick(firstNames);
  const full = () => `${name()} ${random.pick(lastNames)}`;
  const two = <T>(of: readonly T[]): [T, T] => {
    const [x, y] = random.shuffled(of);
    return [x as T, y as T];
  };
  const an = (word: string) => `${/^[aeiou]/i.test(word) ? 'an' : 'a'} ${word}`;
  const makers: readonly (() => MadePair)[] = [
    () => {
      const who = full();
      const job = random.pick(jobs);
      return {
        a: `Is ${who} ${an(job)}?`,
        b: `Is ${who} ${an(random.pick(['licensed', 'young', 'former', 'private', 'good']))} ${job}?`,
        label: 0,
        kind: 'modifier',
      };
    },
    () => {
      const who = full();
      const [x, y] = two(traits);
      return { a: `Is ${who} ${x}?`, b: `Is ${who} ${y}?`, label: 0, kind: 'traits' };
    },
    () => {
      const last = random.pick(lastNames);
      const [x, y] = two(firstNames);
      const trait = random.pick(traits);
      return { a: `Is ${x} ${last} ${trait}?`, b: `Is ${y} ${last} ${trait}?`, label: 0, kind: 'first name' };
    },
    () => {
      const first = name();
      const [x, y] = two(lastNames);
      const job = random.pick(jobs);
      return { a: `Is ${first} ${x} ${an(job)}?`, b: `Is ${first} ${y} ${an(job)}?`, label: 0, kind: 'last name' };
    },
    () => {
      const who = full();
      const job = random.pick(jobs);
      const b = random.pick([
        `Did ${who} use to be ${an(job)}?`,
        `Is ${who} becoming ${an(job)}?`,
        `Was ${who} ever ${an(job)}?`,
      ]);
      return { a: `Is ${who} ${an(job)}?`, b, label: 0, kind: 'time' };
    },
    () => {
      const who = full();
      const job = random.pick(jobs);
      return {
        a: `What did ${who} do before becoming ${an(job)}?`,
        b: `What did ${who} do after becoming ${an(job)}?`,
        label: 0,
        kind: 'before after',
      };
    },
    () => {
      const [x, y] = two(firstNames);
      const verb = random.pick(oneWay);
      return { a: `Is ${x} ${verb} ${y}?`, b: `Is ${y} ${verb} ${x}?`, label: 0, kind: 'one way' };
    },
    () => {
      const [x, y] = two(firstNames);
      const relation = random.pick(both);
      return { a: `Is ${x} ${relation} ${y}?`, b: `Is ${y} ${relation} ${x}?`, label: 1, kind: 'both ways' };
    },
    () => {
      const [x, y] = two(firstNames);
      const [verb, , done] = random.pick(verbs);
      return { a: `Does ${x} ${verb} ${y}?`, b: `Is ${y} ${done} by ${x}?`, label: 1, kind: 'passive' };
    },
    () => {
      const [x, y] = two(firstNames);
      const [verb, , done] = random.pick(verbs);
      return { a: `Does ${x} ${verb} ${y}?`, b: `Is ${x} ${done} by ${y}?`, label: 0, kind: 'wrong passive' };
    },
    () => {
      const who = name();
      const thing = random.pick(things);
      const verb = random.pick(['buy', 'sell', 'lose', 'find', 'steal', 'paint']);
      const done = { buy: 'bought', sell: 'sold', lose: 'lost', find: 'found', steal: 'stolen', paint: 'painted' }[
        verb
      ];
      return random.next() < 0.5
        ? { a: `Did ${who} ${verb} the ${thing}?`, b: `Was the ${thing} ${done} by ${who}?`, label: 1, kind: 'passive' }
        : {
            a: `Did ${who} ${verb} the ${thing}?`,
            b: `Was ${who} ${done} by the ${thing}?`,
            label: 0,
            kind: 'wrong passive',
          };
    },
    () => {
      const [x, y] = two(jobs);
      const who = full();
      const join = random.pick(['and', 'or']);
      return {
        a: `Is ${who} ${an(x)} ${join} ${an(y)}?`,
        b: `Is ${who} ${an(y)} ${join} ${an(x)}?`,
        label: 1,
        kind: 'and',
      };
    },
    () => {
      const [x, y] = two(jobs);
      const who = full();
      return {
        a: `Is ${who} ${an(x)} or ${an(y)}?`,
        b: `Is ${who} both ${an(x)} and ${an(y)} at the same time?`,
        label: 0,
        kind: 'or both',
      };
    },
    () => {
      const [good, bad] = random.pick(opposed);
      return random.next() < 0.5
        ? { a: `How can I become more ${good}?`, b: `How can I become less ${bad}?`, label: 1, kind: 'double turn' }
        : { a: `How can I become more ${good}?`, b: `How can I become less ${good}?`, label: 0, kind: 'more less' };
    },
    () => {
      const [good, bad] = random.pick(opposed);
      return random.next() < 0.5
        ? {
            a: `How can I be ${an(good)} person?`,
            b: `How can I be a person who is not ${bad}?`,
            label: 1,
            kind: 'double turn',
          }
        : {
            a: `How can I be ${an(good)} person?`,
            b: `How can I be a person who is not ${good}?`,
            label: 0,
            kind: 'negation',
          };
    },
    () => {
      const [x, y] = random.pick(alike);
      return {
        a: `How can I become a more ${x} person?`,
        b: `How can I become a more ${y} person?`,
        label: 1,
        kind: 'synonym',
      };
    },
    () => {
      const [x, y] = two(animals);
      const food = random.pick(foods);
      return { a: `Can I feed my ${x} ${food}?`, b: `Can I feed my ${y} ${food}?`, label: 0, kind: 'animals' };
    },
    () => {
      const [x, y] = two(foods);
      const animal = random.pick(animals);
      return {
        a: `Is it safe to give ${x} to ${an(animal)}?`,
        b: `Is it safe to give ${y} to ${an(animal)}?`,
        label: 0,
        kind: 'foods',
      };
    },
    () => {
      const act = random.pick(did);
      const animal = random.pick(animals);
      return {
        a: `Should I ${act} the ${animal} before feeding it?`,
        b: `Should I ${act} the ${animal} after feeding it?`,
        label: 0,
        kind: 'before after',
      };
    },
    () => {
      const act = random.pick(acts);
      const hour = 1 + random.below(11);
      return {
        a: `Is it legal to ${act} before ${hour}pm?`,
        b: `Is it legal to ${act} after ${hour}pm?`,
        label: 0,
        kind: 'before after',
      };
    },
    () => {
      const act = random.pick(acts);
      const place = random.pick(places);
      return {
        a: `Is it ok to ${act} in ${place}?`,
        b: `Is it ok not to ${act} in ${place}?`,
        label: 0,
        kind: 'negation',
      };
    },
    () => {
      const act = random.pick(acts);
      const [x, y] = two(places);
      return { a: `Is it allowed to ${act} in ${x}?`, b: `Is it allowed to ${act} in ${y}?`, label: 0, kind: 'places' };
    },
    () => {
      const [x, y] = two(firstNames);
      return {
        a: `If ${x} and ${y} were alone, would he trust her?`,
        b: `If ${x} and ${y} were alone, would she trust him?`,
        label: 0,
        kind: 'pronouns',
      };
    },
    () => {
      const job = random.pick(jobs);
      return {
        a: `What should ${an(job)} be careful about?`,
        b: `What should ${an(job)} not be careful about?`,
        label: 0,
        kind: 'negation',
      };
    },
    () => {
      const thing = random.pick(things);
      const word = random.pick(['really', 'actually', 'truly', 'indeed', 'currently']);
      return {
        a: `Is the ${thing} still in the kitchen?`,
        b: `Is the ${thing} ${word} still in the kitchen?`,
        label: 1,
        kind: 'intensifier',
      };
    },
    () => {
      const job = random.pick(jobs);
      return {
        a: `Who do ${job}s think is the best singer in the world?`,
        b: `Who is the best singer in the world according to ${job}s?`,
        label: 1,
        kind: 'according',
      };
    },
    () => {
      const job = random.pick(jobs);
      const trait = random.pick(['German', 'Turkish', 'Brazilian', 'Catholic', 'retired']);
      const who = full();
      return {
        a: `Is ${who} ${an(trait)} ${job}?`,
        b: `Is ${who} ${an(job)} and ${trait}?`,
        label: 1,
        kind: 'adjective',
      };
    },
    () => {
      const id = () => `${random.pick(['INV', 'WT', 'LN', 'ORD', 'TK'])}-${1000 + random.below(90000)}`;
      const x = id();
      const frame = random.pick([
        "What's the status of order",
        'Show me the due date of invoice',
        'Who owns ticket',
        'What is the balance of account',
      ]);
      return random.next() < 0.35
        ? { a: `${frame} ${x}?`, b: `Could you check: ${frame} #${x}`, label: 1, kind: 'id' }
        : { a: `${frame} ${x}?`, b: `${frame} ${id()}?`, label: 0, kind: 'id' };
    },
    () => {
      const n = 2 + random.below(11);
      const [small, large, factor] = random.pick([
        ['days', 'weeks', 7],
        ['minutes', 'hours', 60],
        ['months', 'years', 12],
        ['grams', 'kg', 1000],
      ] as const);
      const frame = random.pick([
        'What can I do with',
        'How do I plan for',
        'Is it enough to have',
        'Why does it need',
      ]);
      return random.next() < 0.5
        ? { a: `${frame} ${n} ${large}?`, b: `${frame} ${n * factor} ${small}?`, label: 1, kind: 'units' }
        : { a: `${frame} ${n} ${large}?`, b: `${frame} ${n} ${small}?`, label: 0, kind: 'units' };
    },
  ];
  return Array.from({ length: count }, () => random.pick(makers)());
}
