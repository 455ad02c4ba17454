/**
 * Numbers with what they count, brought to one form: "2 weeks" and "14 days", "5k" and "5000", "half a dozen" and "6", "3 pm" and
 * "15:00", "2024-03-05" and "5 March 2024" are the same. Numbers are read as digits and as words (English; the commonest of German,
 * French, Spanish and Portuguese).
 */
import { classesOf } from './closed-classes.ts';

/** One number of a text. `dimension` is empty for a bare number; `optional` ones ("one", "a") may be missing on the other side. */
export interface Quantity {
  readonly value: number;
  readonly dimension: string;
  /** As written, before units were brought together: a bare 350 meets "350 ml". */
  readonly bare: number;
  readonly optional: boolean;
}

const units = new Map<string, readonly [dimension: string, factor: number]>();
const define = (dimension: string, list: string) => {
  for (const item of list.split(' ')) {
    const [names = '', factor = '1'] = item.split(':');
    for (const name of names.split(',')) units.set(name, [dimension, Number(factor)]);
  }
};
define(
  'time',
  'millisecond,milliseconds,ms,msec:0.001 second,seconds,sec,secs,s,sekunden,secondes,segundos:1 minute,minutes,min,mins,minuten,minutos:60 hour,hours,hr,hrs,h,stunde,stunden,heure,heures,hora,horas:3600 day,days,tag,tage,tagen,jour,jours,día,días,dia,dias:86400 week,weeks,wk,wks,woche,wochen,semaine,semaines,semana,semanas:604800 fortnight:1209600',
);
define(
  'months',
  'month,months,monat,monate,monaten,mois,mes,meses:1 quarter,quarters:3 year,years,yr,yrs,jahr,jahre,jahren,an,ans,année,années,año,años,ano,anos:12 decade,decades:120 century,centuries:1200',
);
define(
  'length',
  'mm,millimeter,millimetre,millimeters,millimetres:0.001 cm,centimeter,centimetre,centimeters,centimetres:0.01 m,meter,metre,meters,metres:1 km,kilometer,kilometre,kilometers,kilometres,kilometern:1000',
);
define('feet', 'inch,inches:1 ft,foot,feet:12 yard,yards,yd:36 mile,miles,mi:63360');
define(
  'mass',
  'mcg,µg,microgram,micrograms:0.000001 mg,milligram,milligrams:0.001 g,gram,grams,gramm,grammes:1 kg,kilo,kilos,kilogram,kilograms:1000 tonne,tonnes:1000000',
);
define('pounds', 'oz,ounce,ounces:1 lb,lbs:16');
define('volume', 'ml,milliliter,millilitre,milliliters,millilitres:0.001 cl:0.01 l,liter,litre,liters,litres:1');
define('spoon', 'tsp,teaspoon,teaspoons,tl:1 tbsp,tablespoon,tablespoons,el:3 cup,cups:48');
define(
  'bytes',
  'byte,bytes:1 kb,kilobyte,kilobytes:1000 mb,megabyte,megabytes:1000000 gb,gigabyte,gigabytes:1000000000 tb,terabyte,terabytes:1000000000000',
);
define('ibytes', 'kib:1 mib:1024 gib:1048576');
define('energy', 'wh:1 kwh:1000');
define('power', 'watt,watts:1 kw,kilowatt,kilowatts:1000');
define('celsius', 'celsius,°c,centigrade:1');
define('fahrenheit', 'fahrenheit,°f:1');
define('kelvin', 'kelvin:1');
define('percent', '%,percent,prozent,pct,pourcent:1');
define('points', 'pp:1');
define('speed', 'km/h,kmh,kph:1');
define('mph', 'mph:1');
define('pixels', 'px,pixel,pixels:1');

const words = new Map<string, number>();
const name = (list: string, from = 0, step = 1) => {
  for (const [i, word] of list.split(' ').entries())
    for (const each of word.split(',')) words.set(each, from + i * step);
};
name(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
);
name('twenty thirty forty,fourty fifty sixty seventy eighty ninety', 20, 10);
name('zwei drei vier fünf sechs sieben acht neun zehn elf zwölf', 2);
name('deux trois quatre cinq six sept huit neuf dix onze douze', 2);
name('dos tres cuatro cinco seis siete ocho nueve diez once doce', 2);
name('dois três quatro cinco seis sete oito nove dez onze doze', 2);
const scales = new Map<string, number>([
  ['hundred', 100],
  ['thousand', 1000],
  ['million', 1e6],
  ['billion', 1e9],
  ['trillion', 1e12],
  ['hundert', 100],
  ['tausend', 1000],
  ['zehntausend', 10_000],
  ['mille', 1000],
  ['mil', 1000],
  ['lakh', 1e5],
  ['crore', 1e7],
  ['dozen', 12],
  ['dutzend', 12],
]);
const ordinals = new Map<string, number>(
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth'
    .split(' ')
    .map((word, i) => [word, i + 1]),
);
const suffixes: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, b: 1e9, bn: 1e9, mio: 1e6 };
const months = 'january february march april may june july august september october november december'.split(' ');

/** What `readQuantity` found: how many words it took, and the number. */
export interface Reading {
  readonly taken: number;
  readonly quantity: Quantity;
}

const plain = /^[-+]?(?:\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?)$/;

/** A written number: thousands' marks out, either decimal mark. */
function toNumber(text: string): number | undefined {
  if (!plain.test(text)) return undefined;
  const grouped = /^[-+]?\d{1,3}(?:[.,]\d{3})+/.exec(text)?.[0] ?? '';
  const isGrouped = grouped !== '' && !/^[-+]?0/.test(text);
  const head = isGrouped ? grouped.replace(/[.,]/g, '') : '';
  const tail = (isGrouped ? text.slice(grouped.length) : text).replace(',', '.');
  return Number(head + tail);
}

/** Letters alone begin a quantity only where they name a number or a month. */
const letters = /^[a-z]+$/;

function beginsNothing(word: string, next: string | undefined): boolean {
  if (!letters.test(word) || words.has(word) || scales.has(word) || ordinals.has(word)) return false;
  if (word === 'half' || word === 'a' || word === 'an') return false;
  return !classesOf.has(word) || !/^\d/.test(next ?? '');
}

/** Reads a quantity that begins at `at` of the lower-case chunks of a text; none where there is no number. */
export function readQuantity(chunks: readonly string[], at: number): Reading | undefined {
  const first = chunks[at] ?? '';
  if (beginsNothing(first, chunks[at + 1])) return undefined;
  return readDate(chunks, at) ?? readClock(first, chunks[at + 1]) ?? readAmount(chunks, at);
}

function readDate(chunks: readonly string[], at: number): Reading | undefined {
  const first = chunks[at] ?? '';
  const date = (year: number, month: number, day: number, taken: number): Reading => ({
    taken,
    quantity: { value: year * 10_000 + month * 100 + day, dimension: 'date', bare: day, optional: false },
  });
  const iso = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(first);
  if (iso) return date(Number(iso[1]), Number(iso[2]), Number(iso[3]), 1);
  const day = (text: string | undefined) => Number(/^(\d{1,2})(?:st|nd|rd|th|\.)?,?$/.exec(text ?? '')?.[1] ?? 0);
  const month = (text: string | undefined) => {
    const thing = classesOf.get(text ?? '')?.find(([kind]) => kind === 'month')?.[1];
    return thing ? months.indexOf(thing) + 1 : 0;
  };
  const year = (text: string | undefined) => Number(/^(\d{4})$/.exec(text ?? '')?.[1] ?? 0);
  for (const [d, m] of [
    [at, at + 1],
    [at + 1, at],
  ] as const) {
    if (!day(chunks[d]) || !month(chunks[m])) continue;
    const y = year(chunks[at + 2]);
    return date(y, month(chunks[m]), day(chunks[d]), y ? 3 : 2);
  }
  return undefined;
}

function readClock(first: string, next: string | undefined): Reading | undefined {
  const match = /^(\d{1,2})(?:[:.](\d{2}))?(am|pm|a\.m|p\.m|h|uhr)?$/.exec(first);
  if (!match) return undefined;
  const half = match[3] ?? (/^(?:am|pm|a\.m\.?|p\.m\.?|uhr|o'clock)$/.test(next ?? '') ? next : undefined);
  if (!half && !/^\d{1,2}:\d{2}$/.test(first)) return undefined;
  if (half === 'h' && !match[2]) return undefined;
  let hour = Number(match[1]);
  if (half?.startsWith('p') && hour < 12) hour += 12;
  if (half?.startsWith('a') && hour === 12) hour = 0;
  const value = hour * 60 + Number(match[2] ?? 0);
  const taken = match[3] || !half ? 1 : 2;
  return { taken, quantity: { value, dimension: 'clock', bare: Number(match[1]), optional: false } };
}

function readAmount(chunks: readonly string[], at: number): Reading | undefined {
  const number = readNumber(chunks, at);
  if (!number) return undefined;
  let { taken } = number;
  let unit = number.unit;
  let { value } = number;
  // "two and a half hours", "an hour and a half"
  if (chunks[at + taken] === 'and' && chunks[at + taken + 1] === 'a' && chunks[at + taken + 2] === 'half') {
    value += 0.5;
    taken += 3;
  }
  if (!unit) {
    const next = chunks[at + taken] ?? '';
    const degrees = /^(?:degrees?|deg|grad|°)$/.test(next);
    const name = degrees ? (chunks[at + taken + 1] ?? '') : next;
    const points = name === 'percentage' && /^points?$/.test(chunks[at + taken + 1] ?? '');
    if (points) [unit, taken] = ['pp', taken + 2];
    else if (degrees) [unit, taken] = [/^[cf]$/.test(name) ? `°${name}` : name, taken + 2];
    else if (units.has(name) || /^(?:us|usd|eur|gbp|chf|euros?|dollars?|€|\$|£)$/.test(name))
      [unit, taken] = [name, taken + 1];
    else if (/^[cf]$/.test(name) && value > 20) [unit, taken] = [`°${name}`, taken + 1];
    if (unit === 'us') [unit, taken] = ['dollar', taken + (/^dollars?$/.test(chunks[at + taken] ?? '') ? 1 : 0)];
  }
  if (number.optional && !unit && !number.strong) {
    return { taken, quantity: { value, dimension: '', bare: value, optional: true } };
  }
  const known = units.get(unit);
  if (known) {
    if (chunks[at + taken] === 'and' && chunks[at + taken + 1] === 'a' && chunks[at + taken + 2] === 'half') {
      value += 0.5;
      taken += 3;
    }
    const [dimension, factor] = known;
    return {
      taken,
      quantity: { value: Number((value * factor).toPrecision(9)), dimension, bare: value, optional: false },
    };
  }
  const money = classesOf.get(unit.replace(/s$/, ''))?.find(([kind]) => kind === 'currency')?.[1];
  const dimension = money ?? (number.ordinal ? 'ordinal' : '');
  return { taken, quantity: { value, dimension, bare: value, optional: number.optional } };
}

interface NumberReading {
  value: number;
  taken: number;
  unit: string;
  optional: boolean;
  strong: boolean;
  ordinal: boolean;
}

function readNumber(chunks: readonly string[], at: number): NumberReading | undefined {
  const first = chunks[at] ?? '';
  const done = (value: number, taken: number, more: Partial<NumberReading> = {}): NumberReading => ({
    value,
    taken,
    unit: '',
    optional: false,
    strong: false,
    ordinal: false,
    ...more,
  });
  const withUnit = /^([$€£¥₹]?)([-+]?\d[\d.,]*)(\p{L}{1,4}\/?\p{L}?|%|°[cf])?$/u.exec(first);
  if (withUnit) {
    const value = toNumber((withUnit[2] ?? '').replace(/[.,]$/, ''));
    if (value === undefined) return undefined;
    const tail = withUnit[3] ?? '';
    if (/^(?:st|nd|rd|th)$/.test(tail)) return done(value, 1, { ordinal: true });
    const suffix = suffixes[tail];
    if (suffix && !(tail === 'm' && withUnit[1] === '')) return done(value * suffix, 1, { unit: withUnit[1] ?? '' });
    const scale = tail === '' ? scales.get(chunks[at + 1] ?? '') : undefined;
    if (scale) return done(value * scale, 2, { unit: withUnit[1] ?? '' });
    if (tail !== '' && (!units.has(tail) || tail === 'm')) return undefined;
    return done(value, 1, { unit: tail || (withUnit[1] ?? '') });
  }
  if (first === 'half' && chunks[at + 1] === 'a' && chunks[at + 2] === 'dozen') return done(6, 3);
  if (first === 'half' && /^an?$/.test(chunks[at + 1] ?? '') && units.has(chunks[at + 2] ?? ''))
    return done(0.5, 2, { strong: true });
  if (/^an?$/.test(first) && chunks[at + 1] === 'quarter' && !units.has(chunks[at + 2] ?? ''))
    return done(25, 2, { unit: '%' });
  if (/^an?$/.test(first) && (scales.has(chunks[at + 1] ?? '') || units.has(chunks[at + 1] ?? ''))) {
    const scale = scales.get(chunks[at + 1] ?? '');
    return scale ? done(scale, 2) : done(1, 1, { optional: true });
  }
  const ordinal = ordinals.get(first);
  if (ordinal) return done(ordinal, 1, { ordinal: true, optional: ordinal <= 2 });
  return readWords(chunks, at, done);
}

function readWords(
  chunks: readonly string[],
  at: number,
  done: (value: number, taken: number, more?: Partial<NumberReading>) => NumberReading,
): NumberReading | undefined {
  const start = chunks[at] ?? '';
  if (!words.has(start) && !(scales.has(start) && start.length > 4)) return undefined;
  let total = 0;
  let current = 0;
  let i = at;
  for (; i < chunks.length; i += 1) {
    const word = chunks[i] ?? '';
    const value = words.get(word);
    const scale = scales.get(word);
    if (value !== undefined && (current === 0 || (current % 100 >= 20 && value < 10) || current % 100 === 0))
      current += value;
    else if (scale === 100 || scale === 12) current = Math.max(1, current) * scale;
    else if (scale) {
      total += Math.max(1, current) * scale;
      current = 0;
    } else if (!(word === 'and' && current > 0 && current % 100 === 0 && words.has(chunks[i + 1] ?? ''))) break;
  }
  const value = total + current;
  return done(value, i - at, { optional: value === 1 && i - at === 1 });
}
