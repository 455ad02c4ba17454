/** Edits after which a question still wants the same answer. Each gives a text, or nothing where it does not apply. */

import { closings, intensifiers, openings, spellings } from './lists.ts';
import type { Random } from './random.ts';
import { lowerFirst, misspell, placesOf, put, split, upperFirst } from './text.ts';
import type { Words } from './words.ts';

/** One kind of edit. */
export type Edit = (text: string, random: Random, words: Words) => string | undefined;

const numberWords =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen'.split(' ');
const changed = (before: string, after: string) => (before === after ? undefined : after);

const contractions: readonly (readonly [RegExp, string])[] = [
  [/\b([Ww]hat|[Hh]ow|[Ww]here|[Ww]ho) is\b/, "$1's"],
  [/\b([Ww]hat|[Hh]ow|[Ww]here|[Ww]ho)'s\b/, '$1 is'],
  [/\b([Dd]o|[Dd]oes|[Dd]id|[Ii]s|[Aa]re|[Ww]as|[Cc]ould|[Ss]hould|[Ww]ould) not\b/, "$1n't"],
  [/\b([Dd]o|[Dd]oes|[Dd]id|[Ii]s|[Aa]re|[Ww]as|[Cc]ould|[Ss]hould|[Ww]ould)n't\b/, '$1 not'],
  [/\bI am\b/, "I'm"],
  [/\bI'm\b/, 'I am'],
  [/\bI have\b/, "I've"],
  [/\bcan't\b/, 'cannot'],
];

const frames: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^how (?:do|can|could|should|would) (?:i|you|we|one) (.+?)\??$/i,
    [
      'How can I $1?',
      'How do I $1?',
      'how to $1',
      'What is the best way to $1?',
      'What are the steps to $1?',
      'I want to $1. How?',
      'Explain how to $1.',
      'I need to $1, how do I do that?',
      'Is there a way to $1? How?',
      'can you tell me how i $1',
      'Could you walk me through how to $1?',
      'help me $1',
      "What's the way to $1?",
      'steps to $1',
      'I would like to know how to $1.',
    ],
  ],
  [
    /^what(?: is|'s) (?!the difference|your|my)(.+?)\??$/i,
    [
      'Can you explain what $1 is?',
      'Could you tell me what $1 is?',
      'what is $1',
      'Tell me what $1 is.',
      'I would like to know what $1 is.',
      'what exactly is $1?',
    ],
  ],
  [
    /^what(?: is|'s) the difference between (.+?) and (.+?)\??$/i,
    [
      '$1 vs $2',
      'What is the difference between $2 and $1?',
      'How do $1 and $2 differ?',
      'difference between $1 and $2',
      'How is $1 different from $2?',
      'Explain the difference between $1 and $2.',
    ],
  ],
  [/^what are (.+?)\??$/i, ['Which are $1?', 'Can you tell me what $1 are?', 'List $1.', 'what are $1', 'Tell me $1.']],
  [
    /^why (?:do|does|did) (.+?)\??$/i,
    ['why does $1', 'What is the reason that $1?', 'How come $1?', 'Why exactly do $1?'],
  ],
  [
    /^can i (.+?)\??$/i,
    ['Is it possible to $1?', 'Am I able to $1?', 'Could I $1?', 'am i allowed to $1', 'Is it possible for me to $1?'],
  ],
  [/^(?:do|does) (.+?)\??$/i, ['Can you tell me whether $1?', 'I want to know if $1.']],
  [
    /^(?:write|create|make|generate) (?:me )?(.+?)\.?$/i,
    ['Please write $1.', 'Could you create $1?', 'I need $1.', 'generate $1', 'Can you make $1?'],
  ],
  [
    /^(?:explain|describe) (.+?)\.?$/i,
    ['Can you explain $1?', 'Describe $1.', 'Explain $1 to me.', 'Give me an explanation of $1.', 'explain $1'],
  ],
  [
    /^(?:give|show) me (.+?)\.?$/i,
    ['Please give me $1.', 'show me $1', 'Can you give me $1?', 'I want $1.', 'I would like $1.'],
  ],
  [/^where (?:can|do) i (.+?)\??$/i, ['Where could I $1?', 'Which is the place where I can $1?', 'where to $1']],
];

const frame: Edit = (text, random) => {
  const fitting = frames.filter(([pattern]) => pattern.test(text));
  if (fitting.length === 0 || text.split(/[.!?]\s/).length > 1) return undefined;
  const [pattern, ways] = random.pick(fitting);
  return changed(text, text.replace(pattern, random.pick(ways)));
};

const synonym: Edit = (text, random, words) => {
  const parts = split(text);
  const options = placesOf(parts, (word) => words.synonyms(word.toLowerCase()).length > 0);
  if (options.length === 0) return undefined;
  const place = random.pick(options);
  const word = (parts[place] ?? '').toLowerCase().replace(/[^\p{L}]/gu, '');
  return put(parts, place, random.pick(words.synonyms(word)));
};

const frontPart: Edit = (text, random) => {
  const match =
    /^((?:how|what|why|where|when|can|is|do|does)\b.{8,}?) ((?:in|on|with|using|for|during) (?:[\w.#+-]+ ?){1,3})\?$/i.exec(
      text,
    );
  if (!match) return undefined;
  const [, head = '', part = ''] = match;
  return `${upperFirst(part)}, ${lowerFirst(head)}${random.pick(['?', ''])}`;
};

const swapAnd: Edit = (text) => changed(text, text.replace(/\b(\w+) (and|or) (\w+)\b(?=[?.,]|$)/, '$3 $2 $1'));

const unitForms: Edit = (text, random) => {
  const ways: readonly (readonly [RegExp, (n: number) => string])[] = [
    [/\b(\d+) weeks?\b/i, (n) => `${n * 7} days`],
    [/\b(\d+) hours?\b/i, (n) => `${n * 60} minutes`],
    [/\b(\d+) years?\b/i, (n) => `${n * 12} months`],
    [/\b(\d+) minutes?\b/i, (n) => `${n} min`],
    [/\b(\d+) kg\b/i, (n) => `${n * 1000} g`],
    [/\b(\d+) percent\b/i, (n) => `${n}%`],
    [/\b(\d+)%/, (n) => `${n} percent`],
    [/\b(\d)000\b/, (n) => `${n}k`],
    [/\b(\d)000\b/, (n) => `${n},000`],
    [/\$(\d+)\b/, (n) => `${n} dollars`],
    [/\b(\d+) dollars\b/i, (n) => `$${n}`],
    [/\b(\d+) euros?\b/i, (n) => `€${n}`],
    [/\b(\d{1,2}) pm\b/i, (n) => `${n + 12}:00`],
    [/\b(\d+) ?km\b/i, (n) => `${n} kilometers`],
    [/\b(\d+) ?GB\b/, (n) => `${n} gigabytes`],
    [/\b(\d+) days\b/, (n) => (n % 7 === 0 ? `${n / 7} weeks` : `${n} days`)],
  ];
  const fitting = ways.filter(([pattern]) => pattern.test(text));
  if (fitting.length === 0) return undefined;
  const [pattern, way] = random.pick(fitting);
  return changed(
    text,
    text.replace(pattern, (_, n: string) => way(Number(n))),
  );
};

const numberAsWord: Edit = (text) => {
  const toWord = text.replace(
    /(?<![\w.,:/-])(\d{1,2})(?![\w.,:/%-])/,
    (digits) => numberWords[Number(digits)] ?? digits,
  );
  if (toWord !== text) return toWord;
  return changed(
    text,
    text.replace(/\b(two|three|four|five|six|seven|eight|nine|ten|twelve)\b/, (word) =>
      String(numberWords.indexOf(word)),
    ),
  );
};

const dropSmall: Edit = (text, random) => {
  const parts = split(text);
  const small = placesOf(parts, (word, place) => place > 0 && /^(?:the|a|an|do|does|is|are|of|my)$/.test(word));
  if (small.length === 0) return undefined;
  const gone = random.pick(small);
  return parts.filter((_, i) => i !== gone && i !== gone + 1).join('');
};

const keywords: Edit = (text) => {
  const kept = text
    .replace(/[?.!]/g, '')
    .split(/\s+/)
    .filter((word) => !/^(?:the|a|an|do|does|is|are|i|my|me|can|you|what|of|to|it)$/i.test(word));
  return kept.length > 2 ? kept.join(' ').toLowerCase() : undefined;
};

const passive: Edit = (text) => {
  const match = /^(how|why) (?:does|do) (the |an? )?(\w+) (\w+?)(e?) (the |an? )?(\w+)\?$/i.exec(text);
  if (!match) return undefined;
  const [, ask = '', article = '', who = '', verb = '', , article2 = '', what = ''] = match;
  return `${ask} is ${article2 ?? ''}${what} ${verb}ed by ${article ?? ''}${who}?`;
};

/** All of them, by name; the share says how often one is chosen. */
export const harmlessEdits: readonly { readonly name: string; readonly edit: Edit; readonly share: number }[] = [
  { name: 'typo', edit: (text, random) => misspell(text, random), share: 3 },
  { name: 'typos', edit: (text, random) => misspell(misspell(text, random) ?? '', random), share: 1 },
  { name: 'lower', edit: (text) => changed(text, text.toLowerCase()), share: 1 },
  { name: 'upper', edit: (text) => changed(text, text.toUpperCase()), share: 0.3 },
  { name: 'punctuation', edit: (text) => changed(text, text.replace(/[?.!]+$/, '')), share: 1 },
  {
    name: 'opening',
    edit: (text, random) => random.pick(openings) + (random.next() < 0.5 ? lowerFirst(text) : text),
    share: 2,
  },
  { name: 'closing', edit: (text, random) => text + random.pick(closings), share: 1 },
  {
    name: 'contraction',
    edit: (text) => {
      const fitting = contractions.find(([pattern]) => pattern.test(text));
      return fitting && text.replace(...fitting);
    },
    share: 2,
  },
  { name: 'frame', edit: frame, share: 5 },
  { name: 'synonym', edit: synonym, share: 4 },
  { name: 'front', edit: frontPart, share: 3 },
  { name: 'and', edit: swapAnd, share: 1.5 },
  { name: 'unit', edit: unitForms, share: 3 },
  { name: 'number', edit: numberAsWord, share: 2 },
  { name: 'drop', edit: dropSmall, share: 1.5 },
  { name: 'keywords', edit: keywords, share: 1 },
  { name: 'passive', edit: passive, share: 2 },
  {
    name: 'spelling',
    edit: (text, random) => {
      const fitting = spellings.filter(([a]) => text.includes(a));
      return fitting.length > 0 ? text.replace(...random.pick(fitting)) : undefined;
    },
    share: 2,
  },
  {
    name: 'intensifier',
    edit: (text, random) =>
      changed(
        text,
        text.replace(/\b(is|are|do|does|can|to)\b/, (word) => `${word} ${random.pick(intensifiers)}`),
      ),
    share: 1,
  },
  { name: 'space', edit: (text) => changed(text, `  ${text.replace(' ', '  ')} `), share: 0.5 },
];
