/**
 * A light guess at a question's language: its script, and for Latin script the language whose commonest words it uses most. A
 * wrong guess only parts two questions that could have shared an answer; the embedder knows English best, and near misses across
 * languages are the ones it tells apart worst.
 */
const scripts: readonly (readonly [string, RegExp])[] = [
  ['kana', /[\u3040-\u30ff]/],
  ['han', /[\u3400-\u9fff]/],
  ['hangul', /[\uac00-\ud7af]/],
  ['cyrillic', /[\u0400-\u04ff]/],
  ['greek', /[\u0370-\u03ff]/],
  ['arabic', /[\u0600-\u06ff]/],
  ['hebrew', /[\u0590-\u05ff]/],
  ['devanagari', /[\u0900-\u097f]/],
  ['thai', /[\u0e00-\u0e7f]/],
];

const commonWords: Readonly<Record<string, readonly string[]>> = {
  en: [
    'the',
    'is',
    'of',
    'what',
    'how',
    'to',
    'and',
    'in',
    'for',
    'why',
    'are',
    'do',
    'does',
    'can',
    'my',
    'with',
    'who',
    'which',
    'when',
    'where',
    'tell',
    'me',
  ],
  de: [
    'der',
    'die',
    'das',
    'ist',
    'und',
    'wie',
    'was',
    'ich',
    'ein',
    'eine',
    'nicht',
    'mit',
    'für',
    'warum',
    'wer',
    'von',
    'kann',
    'den',
  ],
  fr: [
    'le',
    'la',
    'les',
    'est',
    'et',
    'de',
    'des',
    'que',
    'quel',
    'quelle',
    'comment',
    'pourquoi',
    'une',
    'un',
    'pour',
    'je',
    'dans',
    'du',
  ],
  es: [
    'el',
    'la',
    'los',
    'es',
    'y',
    'de',
    'que',
    'qué',
    'cuál',
    'cómo',
    'por',
    'una',
    'un',
    'para',
    'en',
    'mi',
    'las',
    'dónde',
  ],
  it: [
    'il',
    'lo',
    'la',
    'è',
    'e',
    'di',
    'che',
    'qual',
    'come',
    'perché',
    'una',
    'un',
    'per',
    'mio',
    'gli',
    'del',
    'della',
  ],
  pt: ['o', 'a', 'os', 'é', 'e', 'de', 'que', 'qual', 'como', 'por', 'uma', 'um', 'para', 'meu', 'não', 'do', 'da'],
  nl: ['de', 'het', 'een', 'is', 'en', 'van', 'wat', 'hoe', 'ik', 'niet', 'met', 'voor', 'waarom', 'wie', 'mijn'],
};

const languagesOfWord = new Map<string, string[]>();
for (const [language, words] of Object.entries(commonWords)) {
  for (const word of words) languagesOfWord.set(word, [...(languagesOfWord.get(word) ?? []), language]);
}

const scanned = 1000;

/**
 * A language's two letters or a script's name. Latin script is English unless two common words of another language speak against it,
 * and more than speak for it: a few keywords, or a question with one foreign word in it, belong with the English ones.
 */
export function languageOf(question: string): string {
  const head = question.slice(0, scanned);
  const script = scripts.find(([, pattern]) => pattern.test(head));
  if (script) return script[0];
  const votes = new Map<string, number>();
  for (const word of head.toLowerCase().split(/[^\p{L}]+/u)) {
    for (const language of languagesOfWord.get(word) ?? []) votes.set(language, (votes.get(language) ?? 0) + 1);
  }
  let best = 'en';
  let most = Math.max(1, votes.get('en') ?? 0);
  for (const [language, count] of votes) {
    if (count > most) [best, most] = [language, count];
  }
  return best;
}
