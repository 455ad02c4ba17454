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

/** Function words; English has the most, for it must outvote what it shares with others ("do", "a", "me", "come", "die", "was"). */
const commonWords: Readonly<Record<string, string>> = {
  en: `the is are was were be been am do does did have has had can could will would shall should may might must
    a an of to in on at for from with without by about into over after before than as if or and but not no
    what which who whom whose when where why how that this these those there here it its he she they we you i
    my your his her our their me him us them one any some all each more most other another such only just so
    get got use make made give tell show find take go come want need like write explain between while because`,
  de: `der die das den dem des ist sind war und oder aber nicht kein keine wie was wer wo wann warum welche welcher welches
    ich du er sie es wir ihr mein meine dein sein ein eine einen einem einer für mit von zu zum zur im in auf bei nach
    kann kannst können muss soll wird werden haben hat habe mir mich bitte auch noch mehr`,
  fr: `le la les un une des du de et ou mais est sont était que qui quoi quel quelle quels quelles comment pourquoi où
    quand je tu il elle nous vous ils mon ma mes ton votre ce cette ces pour dans sur avec sans par plus pas ne peut
    puis faire fait il me se y a en au aux`,
  es: `a en el la los las un una unos de del y o pero es son era está están que qué quién cuál cuáles cómo cuándo dónde por
    para con sin en al mi mis tu su sus yo me te se lo le nos puedo puede hacer hay más no si`,
  it: `a il lo la gli le un uno una di del della dei delle e o ma è sono era che chi cosa qual quale quali come quando
    dove perché per con senza in nel nella al alla mio mia tuo suo io mi ti si posso può fare più non`,
  pt: `o a os as um uma uns de do da dos das e ou mas é são era está que quem qual quais como quando onde por porque para
    com sem em no na nos nas ao meu minha seu sua eu me te se posso pode fazer mais não`,
  nl: `de het een van en of maar is zijn was wat wie waar wanneer waarom hoe welke welk ik je jij hij zij wij mijn jouw
    dit dat deze die voor met zonder op in bij naar niet geen kan kunnen moet wordt worden heb heeft meer ook er`,
};

const languagesOfWord = new Map<string, string[]>();
for (const [language, words] of Object.entries(commonWords)) {
  for (const word of words.split(/\s+/)) languagesOfWord.set(word, [...(languagesOfWord.get(word) ?? []), language]);
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
