/** A text cut into chunks that mean something: contractions written out, courtesy dropped, doubles of phrases brought together. */

import { isKnown } from '../lexicon/lexicon.ts';

/** A piece of a text between spaces, with the marks around it off. */
export interface Chunk {
  /** As written. */
  readonly text: string;
  readonly lower: string;
  /** Inside quotation marks or a code block. */
  readonly quoted: boolean;
  /** The first of a sentence, so that its capital says nothing. */
  readonly opens: boolean;
  /** A comma, colon or full stop follows. */
  readonly mark: string;
}

const contractions: Readonly<Record<string, string>> = {
  "can't": 'can not',
  cannot: 'can not',
  "won't": 'will not',
  "shan't": 'shall not',
  "ain't": 'is not',
  dont: 'do not',
  doesnt: 'does not',
  didnt: 'did not',
  isnt: 'is not',
  arent: 'are not',
  wasnt: 'was not',
  werent: 'were not',
  cant: 'can not',
  couldnt: 'could not',
  wouldnt: 'would not',
  shouldnt: 'should not',
  wont: 'will not',
  havent: 'have not',
  hasnt: 'has not',
  whats: 'what is',
  hows: 'how is',
  wheres: 'where is',
  whos: 'who is',
  thats: 'that is',
  theres: 'there is',
  im: 'i am',
  ive: 'i have',
  youre: 'you are',
  theyre: 'they are',
  "let's": 'let us',
  u: 'you',
  ur: 'your',
  r: 'are',
  pls: 'please',
  plz: 'please',
  thx: 'thanks',
  'w/': 'with',
  'w/o': 'without',
  '&': 'and',
  vs: 'versus',
  'vs.': 'versus',
  wanna: 'want to',
  gonna: 'going to',
  daily: 'every day',
  weekly: 'every week',
  monthly: 'every month',
  yearly: 'every year',
  annually: 'every year',
  hourly: 'every hour',
  nowadays: 'now',
};

const isAfter = /^(?:what|how|where|who|when|why|that|there|here|it|he|she|this|everything|something)$/;

/** One word, written out. */
function expand(lower: string): string {
  const known = Object.hasOwn(contractions, lower) ? contractions[lower] : undefined;
  if (known) return known;
  const quote = lower.lastIndexOf("'");
  if (quote <= 0) return lower;
  const head = lower.slice(0, quote);
  switch (lower.slice(quote + 1)) {
    case 't':
      return head.endsWith('n') ? `${head.slice(0, -1)} not` : lower;
    case 's':
      return isAfter.test(head) ? `${head} is` : head;
    case 're':
      return `${head} are`;
    case 've':
      return `${head} have`;
    case 'll':
      return `${head} will`;
    case 'd':
      return `${head} would`;
    case 'm':
      return `${head} am`;
    case '':
      return head;
    default:
      return lower;
  }
}

/** Courtesy and framing that asks for nothing, longest first where one begins another. */
const fillers: readonly (readonly string[])[] = [
  'i was wondering if you could kindly tell me',
  'i was wondering if you could tell me',
  'i was wondering if you could',
  'i was wondering if',
  'i was wondering',
  'i am wondering',
  'i would be very grateful if you could',
  'i would be grateful if you could',
  'i would really appreciate it',
  'i would appreciate it',
  'would you be so kind as to',
  'would you please be so nice and',
  'would you mind telling me',
  'would you mind',
  'would you please',
  'could you please tell me',
  'could you please explain',
  'could you please',
  'could you kindly',
  'could you maybe',
  'could you tell me',
  'could you',
  'can you please tell me',
  'can you please',
  'can you tell me',
  'can you explain to me',
  'can you',
  'may i ask you to please',
  'may i ask you to',
  'may i ask',
  'please be so kind',
  'please tell me',
  'please help me',
  'please help',
  'please',
  'kindly',
  'tell me',
  'show me',
  'i would like to know',
  'i want to know',
  'i need to know',
  'i need help with',
  'help me understand',
  'help me',
  'do you know',
  'do you happen to know',
  'does anyone know',
  'does anybody know',
  'quick question if i may',
  'i have a quick question',
  'i have a question',
  'quick question',
  'just wondering',
  'sorry to bother you but',
  'sorry to bother you',
  'if you do not mind me asking',
  'if you do not mind',
  'if you can',
  'if possible',
  'if it is no trouble',
  'i hope you are having a good day',
  'i hope you are well',
  'hope you are well',
  'thank you so much',
  'thank you very much in advance',
  'thank you very much',
  'thank you in advance',
  'thank you',
  'thanks ever so much',
  'thanks so much',
  'thanks a lot',
  'thanks a million',
  'thanks in advance',
  'many thanks',
  'thanks',
  'good morning',
  'good afternoon',
  'good evening',
  'hello there',
  'hello assistant',
  'hello',
  'hi there',
  'hi',
  'hey there',
  'hey',
  'hiya',
  'cheers',
  'dear team',
  'guten tag',
  'entschuldigen sie bitte die störung',
  'könnten sie mir freundlicherweise sagen',
  'könnten sie mir bitte sagen',
  'können sie mir sagen',
  'herzlichen dank',
  'vielen dank',
  'danke',
  'bitte',
  'bonjour',
  "pourriez-vous s'il vous plaît me dire",
  'pouvez-vous me dire',
  "s'il vous plaît",
  'merci d avance',
  'merci',
  'hola',
  'por favor',
  'gracias',
  'buenos días',
  'obrigado',
]
  .map((line) => line.split(' '))
  .sort((a, b) => b.length - a.length);

const phrases: readonly (readonly [readonly string[], readonly string[]])[] = [
  'united states of america > usa',
  'united states > usa',
  'u.s.a. > usa',
  'u.s.a > usa',
  'u.s. > usa',
  'u.s > usa',
  'united kingdom > uk',
  'new york city > nyc',
  'visual studio code > vscode',
  'vs code > vscode',
  'versus code > vscode',
  'node js > nodejs',
  'node.js > nodejs',
  'next.js > nextjs',
  'react.js > react',
  'vue.js > vue',
  'java script > javascript',
  'mac os > macos',
  'google cloud > gcp',
  'e mail > email',
  'wi fi > wifi',
  'per cent > percent',
  'per annum > per year',
  'a year > per year',
  'a month > per month',
  'a week > per week',
  'a day > per day',
  'each day > every day',
  'each year > every year',
  'half an hour > 30 minutes',
  'half hour > 30 minutes',
  'an hour and a half > 90 minutes',
  'at least > minimum',
  'no less than > minimum',
  'no fewer than > minimum',
  'at most > maximum',
  'no more than > maximum',
  'not more than > maximum',
  'in order to > to',
  'as well as > and',
  'how come > why',
  'what time > when',
  'at what time > when',
  'what is the reason > why',
  'what are the reasons > why',
  'for what reason > why',
  'is it possible to > can i',
  'is it possible for me to > can i',
  'am i able to > can i',
  'am i allowed to > can i',
  'what is the way to > how do i',
  'what is the best way to > how do i best',
  'what is the easiest way to > how do i easily',
  'what are the steps to > how do i',
  'steps to > how do i',
  'how to > how do i',
  'how can i > how do i',
  'how could i > how do i',
  'how should i > how do i',
  'how would i > how do i',
  'how do you > how do i',
  'how can you > how do i',
  'how can one > how do i',
  'how does one > how do i',
  'how do we > how do i',
  'how can we > how do i',
  'how might i > how do i',
  'how will i > how do i',
  'what does it mean > meaning',
  'turn on > enable',
  'switch on > enable',
  'turn off > disable',
  'switch off > disable',
  'set up > setup',
  'log in > login',
  'log on > login',
  'sign in > login',
  'sign up > signup',
  'get rid of > remove',
  'shut down > close',
  'a lot of > many',
  'lots of > many',
  'right now > now',
  'at the moment > now',
  'these days > now',
  'because of > due to',
  'tell the difference > difference',
  'do not have > lack',
].map((line) => {
  const [from = '', to = ''] = line.split(' > ');
  return [from.split(' '), to.split(' ')] as const;
});

const byFirst = <T>(list: readonly T[], first: (item: T) => string): Map<string, T[]> => {
  const map = new Map<string, T[]>();
  for (const item of list) map.set(first(item), [...(map.get(first(item)) ?? []), item]);
  return map;
};
const fillersByFirst = byFirst(fillers, ([first = '']) => first);
const phrasesByFirst = byFirst(
  [...phrases].sort(([a], [b]) => b.length - a.length),
  ([[first = '']]) => first,
);

/** Texts longer than this are compared by this much of their head; what the cache compares by meaning is shorter. */
const scanned = 4000;

/** "…, isn't it?" turns nothing round. */
const tagQuestion =
  /,? (?:is|are|was|were|do|does|did|have|has|can|could|will|would|should|am)(?:n['’]t)? (?:it|you|they|we|he|she|i)(\?\s*)$/i;

/** The chunks of a text in order; at most 400. */
export function toChunks(text: string): Chunk[] {
  const plain = text
    .slice(0, scanned)
    .replace(tagQuestion, '$1')
    .normalize('NFC')
    .replace(/[‘’ʼ´`]/g, (mark) => (mark === '`' ? '`' : "'"));
  const raw: Chunk[] = [];
  let fence = false;
  let quote = '';
  let opens = true;
  for (const line of plain.split('\n')) {
    if (line.trimStart().startsWith('```')) {
      fence = !fence;
      continue;
    }
    for (const piece of line.split(/[\s\u00a0]+/u)) {
      if (piece === '') continue;
      const begin = /^["“”„«`(]*/.exec(piece)?.[0] ?? '';
      if (quote === '' && /["“„«`]/.test(begin)) quote = begin.includes('`') ? '`' : '"';
      const isQuoted = fence || quote !== '';
      const core = /^[.*]+$/.test(piece)
        ? piece
        : isLiteralText(piece)
          ? piece.replace(/^["“”„«]+/, '').replace(/["“”»,.!?;:]+$/, '')
          : strip(piece);
      const tail = piece.slice(begin.length);
      if (quote === '"' && /["“”»]/.test(tail)) quote = '';
      if (quote === '`' && tail.includes('`')) quote = '';
      const mark = /[.!?:;,]["”»)\]]*$/.exec(piece)?.[0]?.[0] ?? '';
      if (core !== '') push(raw, core, { quoted: isQuoted, opens, mark });
      opens = core === '' ? opens : /[.!?:]["”»)]*$/.test(piece);
      if (raw.length > 400) return raw;
    }
    opens = true;
  }
  return dropFillers(raw);
}

function strip(piece: string): string {
  return piece
    .replace(/^[^\p{L}\p{N}$€£¥₹#@.+\-/\\<>=*~|%^]+/u, '')
    .replace(/[^\p{L}\p{N}%°+#)>=*€$£¥₹]+$/u, '')
    .replace(/\)+$/, '')
    .replace(/^\.+(?=\p{L}{2,}$)/u, '.');
}

/** Whether a piece is code, a path, a flag, an address: its case and marks count. */
export function isLiteralText(piece: string): boolean {
  const core = piece.replace(/^["“”„«(]+/, '').replace(/["“”»),.!?;:]+$/, '');
  if (/^[.*]+$/.test(piece)) return true;
  if (core === '') return false;
  if (core === '/') return false;
  if (/^[<>=|*~^\\/.]+$/.test(core) || /^[.*]+$/.test(core)) return true;
  if (/^-{1,2}[A-Za-z]/.test(core)) return true;
  if (/^[$€£¥₹][\d.,]+\p{L}{0,2}$/u.test(core)) return false;
  if (/^[\p{L}'’-]+(?:\/[\p{L}'’-]+)+$/u.test(core)) return false;
  if (/^w\/o?$/i.test(core)) return false;
  if (/[_\\{}[\]<>=|~^@;]|\w\(|\)\.|::|:\/\/|\/\/|^[./~]\/|^\/|\w\/\w+\/|->|[\w]\.[a-z]{1,4}$|\.\w+\(/.test(core))
    return !/^(?:[a-z]\.)+[a-z]$/i.test(core) && !/^(?:node|next|vue|react)\.js$/i.test(core);
  return /^[a-z]+:[\w]/i.test(core) && !/^\d/.test(core);
}

function push(into: Chunk[], core: string, about: { quoted: boolean; opens: boolean; mark: string }): void {
  if (isLiteralText(core)) {
    into.push({ text: core, lower: core, ...about });
    return;
  }
  // "and/or" and "two-week" are words side by side; "e-mail" is one word.
  const parts =
    (/^[-+]?\d/.test(core) && !/^\d+-\p{L}{3,}/u.test(core)) || /^(?:re|e|co|t|x|wi|pre|non|anti)-/i.test(core)
      ? [core]
      : core.split(/[/–—]|(?<=[\p{L}\d])-(?=\p{L}{2})/u);
  let first = true;
  for (const part of parts) {
    if (part === '') continue;
    const bare = part.replace(/(?<=\p{L})-(?=\p{L})/gu, '');
    // To re-sign is not to resign.
    const joined = /^re-/i.test(part) && isKnown(bare.toLowerCase()) ? part : bare;
    const words = expand(joined.toLowerCase()).split(' ');
    for (const [i, lower] of words.entries()) {
      into.push({
        text: i === 0 && words.length === 1 ? joined : lower,
        lower,
        quoted: about.quoted,
        opens: about.opens && first,
        mark: part === parts.at(-1) && i === words.length - 1 ? about.mark : '',
      });
      first = false;
    }
  }
}

function dropFillers(chunks: readonly Chunk[]): Chunk[] {
  const kept: Chunk[] = [];
  let at = 0;
  while (at < chunks.length) {
    const chunk = chunks[at];
    if (!chunk) break;
    const matches = (list: readonly string[]) => list.every((word, i) => chunks[at + i]?.lower === word);
    const filler = chunk.quoted ? undefined : fillersByFirst.get(chunk.lower)?.find(matches);
    if (filler) {
      at += filler.length;
      continue;
    }
    const phrase = phrasesByFirst.get(chunk.lower)?.find(([from]) => matches(from));
    if (phrase) {
      const last = chunks[at + phrase[0].length - 1];
      for (const lower of phrase[1]) kept.push({ ...chunk, text: lower, lower, mark: '' });
      const end = kept.at(-1);
      if (end && last) kept[kept.length - 1] = { ...end, mark: last.mark };
      at += phrase[0].length;
      continue;
    }
    kept.push(chunk);
    at += 1;
  }
  return kept.length > 0 ? kept : [...chunks];
}
