/** Words in place of others: synonyms, opposites and neighbours of a word that occurs in the base texts. */
import { lemmaOf, partsOf, relationOf } from '@refrain/judgement';

/** Looked up by lower-case word. */
export interface Words {
  synonyms(word: string): readonly string[];
  opposites(word: string): readonly string[];
  neighbours(word: string): readonly string[];
  /** Words of the same part of speech, whatever they mean. */
  others(word: string): readonly string[];
}

/** Reads the words of all base texts; a word's relatives are sought among these. */
export function createWords(texts: readonly string[]): Words {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.toLowerCase().match(/\b[a-z]{3,}\b/g) ?? []) {
      if (lemmaOf(word) === word && partsOf(word) !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const all = [...counts]
    .filter(([, count]) => count >= 4)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 4000)
    .map(([word]) => word);
  const byPart = new Map<string, string[]>();
  for (const word of all) {
    const part = partsOf(word)[0] ?? '';
    byPart.set(part, [...(byPart.get(part) ?? []), word]);
  }
  const known = new Map<string, Record<'same' | 'opposite' | 'sibling', string[]>>();
  const relatives = (word: string) => {
    const done = known.get(word);
    if (done) return done;
    const found = { same: [] as string[], opposite: [] as string[], sibling: [] as string[] };
    if (partsOf(word) !== '' && word.length > 2) {
      for (const other of all) {
        if (other === word) continue;
        const relation = relationOf(word, other);
        if (relation === 'same' || relation === 'opposite' || relation === 'sibling') found[relation].push(other);
      }
    }
    known.set(word, found);
    return found;
  };
  return {
    synonyms: (word) => relatives(word).same,
    opposites: (word) => relatives(word).opposite,
    neighbours: (word) => relatives(word).sibling,
    others: (word) => byPart.get(partsOf(word)[0] ?? '-') ?? [],
  };
}
