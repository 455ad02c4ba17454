/** Words to put in a question's place, by kind: written for this purpose. */
const list = (words: string) => words.split(' ');

export const firstNames = list(
  'Anna Ben Carla David Elena Farid Grace Hugo Ines Jonas Kira Liam Maya Noor Oscar Paula Quentin Rosa Samir Tessa Umar Vera Walter Xenia Yusuf Zoe Alice Robert Linda James Patricia Michael Barbara Thomas Susan Daniel Karen Mark Nancy Paul Betty Kevin Helen Brian Sandra George Donna Edward Carol Ronald Ruth',
);
export const lastNames = list(
  'Miller Novak Okafor Schmidt Tanaka Rossi Dubois Garcia Kowalski Larsen Nguyen Patel Silva Weber Young Adams Baker Clark Davis Evans Foster Green Harris Jackson King Lewis Moore Nelson Parker Reed Scott Turner Walker Wright',
);
export const places = list(
  'Austria Australia Sweden Switzerland Iran Iraq Niger Nigeria Spain Portugal France Germany Italy Poland Norway Denmark Finland Greece Turkey Egypt Kenya Ghana Morocco Brazil Chile Peru Mexico Canada Japan China Korea Vietnam Thailand India Pakistan Nepal Russia Ukraine Ireland Scotland Wales England London Paris Berlin Madrid Rome Vienna Oslo Dublin Lisbon Athens Cairo Delhi Mumbai Tokyo Seoul Beijing Sydney Toronto Chicago Boston Texas Ohio Utah Nevada Florida California',
);
export const adjectives = list(
  'small large red blue green vegan organic used broken expensive free digital annual monthly temporary joint senior junior foreign domestic damaged professional accredited portable electric wooden premium basic',
);
export const scopes = [
  'for beginners',
  'for children',
  'for business customers',
  'for students',
  'for my 12-year-old son',
  'for a team of fifty',
  'in Canada',
  'in India',
  'in under 50 words',
  'in one sentence',
  'as JSON',
  'as a table',
  'in Spanish',
  'without an account',
  'without using the internet',
  'on a Mac',
  'on Android',
  'after a failed attempt',
  'on weekends',
  'at night',
  'during pregnancy',
  'before 2020',
  'step by step with an example',
  'with no side effects',
  'if I live abroad',
];
export const openings = [
  'Hi, ',
  'Hello! ',
  'Hey there, ',
  'Good morning. ',
  'Please ',
  'Could you please tell me: ',
  'Can you tell me: ',
  'Hi, quick question. ',
  'I was wondering, ',
  'Sorry to bother you, but ',
  'Please tell me: ',
  'Just curious: ',
  'I need help. ',
  'So, ',
  'Ok so ',
  'I am new to this. ',
  'A friend asked me this yesterday. ',
  'For my homework: ',
  'I have been thinking about this for a while. ',
  'My colleague and I could not agree. ',
  'I could not find this on the website. ',
];
export const closings = [
  ' Thanks!',
  ' Thank you.',
  ' Please help.',
  ' Thanks in advance.',
  ' Cheers',
  ' Many thanks!',
  ' Any help is appreciated.',
  ' :)',
  ' Much appreciated.',
  ' I would be very grateful.',
];
export const intensifiers = list('actually really exactly currently just simply basically');
export const verbs = list(
  'open close cancel delete restore pause track return activate block update download upload install share print export import rename merge split copy move lock unlock freeze replace repair buy sell rent order check change extend renew transfer withdraw deposit',
);
export const spellings: readonly (readonly [string, string])[] = [
  ['color', 'colour'],
  ['favorite', 'favourite'],
  ['center', 'centre'],
  ['organize', 'organise'],
  ['behavior', 'behaviour'],
  ['license', 'licence'],
  ['analyze', 'analyse'],
  ['program', 'programme'],
  ['meter', 'metre'],
  ['traveling', 'travelling'],
  ['canceled', 'cancelled'],
  ['fulfill', 'fulfil'],
];
