/** Edits after which a question wants another answer, though it looks almost the same. */
import { classWords } from '@refrain/judgement';
import type { Edit } from './harmless.ts';
import { adjectives, firstNames, lastNames, places, scopes, verbs } from './lists.ts';
import type { Random } from './random.ts';
import { placesOf, put, split } from './text.ts';

const changed = (before: string, after: string) => (before === after ? undefined : after);
const plainWord = (part: string) => part.replace(/[^\p{L}\p{N}'+#-]/gu, '');

const number: Edit = (text, random) => {
  const places = [...text.matchAll(/(?<![\w/])\d+(?:[.,]\d+)?(?![\w/])/g)];
  if (places.length === 0) return undefined;
  const match = random.pick(places);
  const value = Number(match[0].replace(',', ''));
  const other = random.pick([
    value + 1 + random.below(5),
    value * 10,
    Math.max(0, value - 1),
    value * 2,
    Math.floor(value / 2) + 3,
  ]);
  if (other === value || Number.isNaN(other)) return undefined;
  return `${text.slice(0, match.index)}${other}${text.slice(match.index + match[0].length)}`;
};

const numberWord: Edit = (text, random) => {
  const all = ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'twelve'];
  const parts = split(text);
  const found = placesOf(parts, (word) => all.includes(word.toLowerCase()));
  if (found.length === 0) return undefined;
  const place = random.pick(found);
  const old = plainWord(parts[place] ?? '').toLowerCase();
  const other = random.pick(all.filter((word) => word !== old));
  return put(parts, place, random.next() < 0.5 ? other : String(all.indexOf(other) + 2));
};

const unitGroups = [
  'seconds minutes hours days weeks months years',
  'mg g kg oz lb',
  'mm cm m km inches feet miles',
  'KB MB GB TB',
  'ml l cups tablespoons teaspoons',
  'dollars euros pounds yen rupees',
  'USD EUR GBP CHF',
  'Celsius Fahrenheit Kelvin',
  'second minute hour day week month year',
  'daily weekly monthly yearly',
].map((group) => group.split(' '));

const unit: Edit = (text, random) => {
  const parts = split(text);
  const found = placesOf(parts, (word) => unitGroups.some((group) => group.includes(word)));
  if (found.length === 0) return undefined;
  const place = random.pick(found);
  const old = plainWord(parts[place] ?? '');
  const group = random.pick(unitGroups.filter((each) => each.includes(old)));
  return put(parts, place, random.pick(group.filter((each) => each !== old)));
};

const closedClass: Edit = (text, random) => {
  const parts = split(text);
  const found = placesOf(parts, (_, place) => classWords(plainWord(parts[place] ?? '').toLowerCase()).length > 0);
  if (found.length === 0) return undefined;
  const place = random.pick(found);
  const others = classWords(plainWord(parts[place] ?? '').toLowerCase());
  const other = random.pick(others);
  const isCapital = /^\p{Lu}/u.test(plainWord(parts[place] ?? ''));
  const copy = [...parts];
  copy[place] = (parts[place] ?? '').replace(
    plainWord(parts[place] ?? ''),
    isCapital ? (other[0] ?? '').toUpperCase() + other.slice(1) : other,
  );
  return copy.join('');
};

const entity: Edit = (text, random) => {
  const parts = split(text);
  const found = placesOf(parts, (word, place) => place > 0 && /^\p{Lu}\p{Ll}{2,}/u.test(word));
  if (found.length === 0) return undefined;
  const place = random.pick(found);
  const old = plainWord(parts[place] ?? '');
  const other = random.pick(random.pick([firstNames, lastNames, places]));
  return other === old ? undefined : put(parts, place, random.next() < 0.2 ? other.toLowerCase() : other);
};

const negate: Edit = (text) => {
  const ways: readonly (readonly [RegExp, string])[] = [
    [/\b(do|does|did|is|are|was|were|can|could|should|would|will|has|have) not\b/i, '$1'],
    [/\b(do|does|did|is|are|was|were|could|should|would|has|have)n't\b/i, '$1'],
    [/\bcan't\b|\bcannot\b/i, 'can'],
    [/\bwithout\b/i, 'with'],
    [/\bwith\b/i, 'without'],
    [/\b(should|can|could|would|must|will) (i|you|we|they|he|she|it)\b/i, '$1 $2 not'],
    [/\b(i|you|we|they) (should|can|could|would|must|will)\b/i, '$1 $2 not'],
    [
      /\b(is|are|was|were) (the \w+|\w+) (\w+ed|safe|legal|allowed|possible|normal|available|included)\b/i,
      '$1 $2 not $3',
    ],
    [/^(why|which|what|who) (is|are|do|does|did|can)\b/i, "$1 $2n't"],
    [/\b(who|that|which) (is|are|have|has|can)\b/i, '$1 $2 not'],
    [/\bi (want|need|like|have)\b/i, "I don't $1"],
    [/\b(is|are) ((?:\w+ ){1,3})(\w+)\?$/i, '$1 $2not $3?'],
    [/\b(to) (be|have|use|get|pay|take|make)\b/i, 'not $1 $2'],
  ];
  const fitting = ways.find(([pattern]) => pattern.test(text));
  return fitting && changed(text, text.replace(...fitting));
};

const relative =
  (kind: 'opposites' | 'neighbours' | 'others'): Edit =>
  (text, random, words) => {
    const parts = split(text);
    const found = placesOf(parts, (word, place) => {
      const lower = word.toLowerCase();
      if (kind === 'others') return place > 0 && lower.length > 3 && words.others(lower).includes(lower);
      return words[kind](lower).length > 0;
    });
    if (found.length === 0) return undefined;
    const place = random.pick(found);
    const other = random.pick(words[kind](plainWord(parts[place] ?? '').toLowerCase()));
    return changed(text, put(parts, place, other));
  };

const direction: Edit = (text) => {
  const ways: readonly (readonly [RegExp, string])[] = [
    [/\bfrom ((?:my |the |an? )?[\w.#+-]+(?: \w+)?) (to|into) ((?:my |the |an? )?[\w.#+-]+)/i, 'from $3 $2 $1'],
    [/\b([\w.#+-]+) (to|into) ([\w.#+-]+)(?=[?.,]|$)/, '$3 $2 $1'],
    [/\b([\w.#+-]+) (before|after|over|than|instead of|without|under) ((?:the |an? )?[\w.#+-]+)/i, '$3 $2 $1'],
    [/\bbefore\b/i, 'after'],
    [/\bafter\b/i, 'before'],
    [/\babove\b/i, 'below'],
    [/\bto\b(?= (?:a|the|my)\b)/i, 'from'],
    [/\bfrom\b(?= (?:a|the|my)\b)/i, 'to'],
    [/^(is|are) ([\w.#+-]+) (\w+er) than ([\w.#+-]+)/i, '$1 $4 $3 than $2'],
  ];
  const fitting = ways.filter(([pattern]) => pattern.test(text));
  const way = fitting[0];
  return way && changed(text, text.replace(...way));
};

/** Two words of one kind change places, with something between them that stays. */
const exchange: Edit = (text, random, words) => {
  const parts = split(text);
  const found = placesOf(
    parts,
    (word, place) =>
      place > 0 &&
      word.length > 3 &&
      (/^\p{Lu}/u.test(word) || words.others(word.toLowerCase()).includes(word.toLowerCase())),
  );
  for (let attempt = 0; attempt < 6 && found.length > 1; attempt += 1) {
    const i = random.pick(found);
    const j = random.pick(found);
    if (j - i < 4 || j - i > 24) continue;
    const between = parts.slice(i + 1, j).join('');
    if (/\b(?:and|or|vs|between)\b|,/.test(between)) continue;
    const a = plainWord(parts[i] ?? '');
    const b = plainWord(parts[j] ?? '');
    const kind = (word: string) => (/^\p{Lu}/u.test(word) ? 'name' : words.others(word.toLowerCase())[0]);
    if (a === b || kind(a) !== kind(b)) continue;
    return put(split(put(parts, i, b)), j, a);
  }
  return undefined;
};

const questionWords: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^is (?=the|my|there|it|an?\b)/i, ['Why is ', 'When is ', 'What is ', 'How is ']],
  [/^are (?=the|my|there|they)/i, ['Why are ', 'What are ', 'How are ']],
  [/^(do|does) (?=you|the|my|i\b|it)/i, ['Why $1 ', 'How $1 ', 'When $1 ']],
  [/^what are (the|some)\b/i, ['Are $1', 'How many are $1', 'Why are $1']],
  [/^what is the\b/i, ['Is there a', 'Why is the', 'How is the']],
  [/^how can i\b/i, ['Why can I', 'Should I', 'When can I']],
  [/^how (do|does|did)\b/i, ['Why $1', 'When $1', 'Where $1']],
  [/^why (do|does|did|is|are)\b/i, ['How $1', 'When $1']],
  [/^when\b/i, ['Where', 'Why', 'How']],
  [/^where\b/i, ['When', 'Why', 'How']],
  [/^who\b/i, ['When', 'Why']],
  [/^how many\b/i, ['Which']],
  [/^how long\b/i, ['How often', 'How much']],
  [/^how much\b/i, ['How long', 'How often']],
  [/^what is\b/i, ['Who is', 'Where is', 'Why is']],
  [/^can i\b/i, ['When can I', 'Why can I', 'Must I']],
  [/^should i\b/i, ['Why should I', 'When should I', 'How should I']],
  [/^(is|are)\b/i, ['Why $1', 'When $1', 'How $1']],
];

const question: Edit = (text, random) => {
  const fitting = questionWords.find(([pattern]) => pattern.test(text));
  return fitting && text.replace(fitting[0], random.pick(fitting[1]));
};

/** A narrowing part left out: what was asked of one case is asked of all. */
const widen: Edit = (text, random) => {
  const found = [
    ...text.matchAll(
      / (?:for|in|at|on|with|from|during|as|about|of) (?:(?:a|an|the|my|our|your) )?[\w'-]+(?: [\w'-]+)?(?=[?.,]|$)/gi,
    ),
  ];
  if (found.length === 0) return undefined;
  const match = random.pick(found);
  return text.slice(0, match.index) + text.slice(match.index + match[0].length);
};

/** A word with a meaning left out. */
const dropWord: Edit = (text, random, words) => {
  const parts = split(text);
  const found = placesOf(
    parts,
    (word, place) =>
      place > 0 &&
      place < parts.length - 2 &&
      word.length > 3 &&
      words.others(word.toLowerCase()).includes(word.toLowerCase()),
  );
  if (found.length === 0 || parts.length < 9) return undefined;
  const gone = random.pick(found);
  return parts.filter((_, i) => i !== gone && i !== gone + 1).join('');
};

const scope: Edit = (text, random) => {
  const end = /[?.!]*$/.exec(text)?.[0] ?? '';
  return `${text.slice(0, text.length - end.length)} ${random.pick(scopes)}${end}`;
};

const adjective: Edit = (text, random, words) => {
  const parts = split(text);
  const found = placesOf(
    parts,
    (word, place) =>
      place > 0 &&
      word.length > 3 &&
      words.others(word.toLowerCase())[0] === words.others('house')[0] &&
      /^[a-z]/.test(word),
  );
  if (found.length === 0) return undefined;
  const place = random.pick(found);
  const copy = [...parts];
  copy[place] = `${random.pick(adjectives)} ${parts[place]}`;
  return copy.join('');
};

const quantifier: Edit = (text, random) => {
  const ways: readonly (readonly [RegExp, readonly string[]])[] = [
    [/\ball\b/i, ['any', 'some', 'none of']],
    [/\bany\b/i, ['all', 'no']],
    [/\bsome\b/i, ['all', 'no']],
    [/\bevery\b/i, ['any', 'no']],
    [/\bonly\b/i, ['also', 'not only']],
    [/\bat least\b/i, ['at most', 'exactly']],
    [/\bat most\b/i, ['at least']],
    [/\bmore\b/i, ['less']],
    [/\bmost\b/i, ['least']],
    [/\bbest\b/i, ['worst']],
    [/\bfirst\b/i, ['last', 'second']],
    [/\balways\b/i, ['never', 'sometimes']],
    [/\bmaximum\b/i, ['minimum']],
  ];
  const fitting = ways.find(([pattern]) => pattern.test(text));
  return fitting && text.replace(fitting[0], random.pick(fitting[1]));
};

const verb: Edit = (text, random) => {
  const match =
    /\b(?:how (?:do|can|could|should|would) (?:i|you|we)|how to|want to|need to|can i|like to|trying to) (\w+)/i.exec(
      text,
    );
  if (!match?.[1]) return undefined;
  const at = match.index + match[0].length - match[1].length;
  const other = random.pick(verbs);
  return other === match[1].toLowerCase() ? undefined : text.slice(0, at) + other + text.slice(at + match[1].length);
};

const tense: Edit = (text, random) => {
  const ways: readonly (readonly [RegExp, readonly string[]])[] = [
    [/^is (\w+(?: \w+)?) (an? \w+)/i, ['Did $1 use to be $2', 'Is $1 becoming $2', 'Was $1 $2']],
    [/^(is|are)\b/i, ['Was', 'Will it be']],
    [/^(do|does)\b/i, ['Did', 'Will']],
    [/\bcan\b/i, ['must', 'should']],
    [/\bshould\b/i, ['can', 'must']],
  ];
  const fitting = ways.find(([pattern]) => pattern.test(text));
  return fitting && text.replace(fitting[0], random.pick(fitting[1]));
};

const identity = (text: string, random: Random): string | undefined => {
  const match = /\b(?=[A-Za-z-]*\d)[A-Za-z]{1,6}-?\d{2,}[A-Za-z]?\b|\b\d{4,}\b/.exec(text);
  if (!match) return undefined;
  const digits = match[0].replace(/\d/g, () => String(random.below(10)));
  const other = random.next() < 0.3 ? `${match[0]}${random.pick([...'ABS2'])}` : digits;
  return other === match[0]
    ? undefined
    : text.slice(0, match.index) + other + text.slice(match.index + match[0].length);
};

/** All of them, by name, with shares. */
export const harmfulEdits: readonly { readonly name: string; readonly edit: Edit; readonly share: number }[] = [
  { name: 'number', edit: number, share: 4 },
  { name: 'numberWord', edit: numberWord, share: 3 },
  { name: 'unit', edit: unit, share: 3 },
  { name: 'class', edit: closedClass, share: 4 },
  { name: 'entity', edit: entity, share: 4 },
  { name: 'negate', edit: negate, share: 3 },
  { name: 'opposite', edit: relative('opposites'), share: 4 },
  { name: 'neighbour', edit: relative('neighbours'), share: 4 },
  { name: 'other', edit: relative('others'), share: 4 },
  { name: 'direction', edit: direction, share: 4 },
  { name: 'exchange', edit: exchange, share: 4 },
  { name: 'question', edit: question, share: 6 },
  { name: 'widen', edit: widen, share: 4 },
  { name: 'dropWord', edit: dropWord, share: 1.5 },
  { name: 'scope', edit: scope, share: 2 },
  { name: 'adjective', edit: adjective, share: 3 },
  { name: 'quantifier', edit: quantifier, share: 3 },
  { name: 'verb', edit: verb, share: 3 },
  { name: 'tense', edit: tense, share: 2 },
  { name: 'identity', edit: (text, random) => identity(text, random), share: 3 },
];
