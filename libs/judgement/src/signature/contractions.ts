/** Contractions and short forms of one word, written out. */

const contractions = new Map(
  Object.entries({
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
  }),
);

const isAfter = /^(?:what|how|where|who|when|why|that|there|here|it|he|she|this|everything|something)$/;

/** One lower-case word, written out: "can't" is "can not". What is no contraction is returned as it is. */
export function expand(lower: string): string {
  const known = contractions.get(lower);
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
