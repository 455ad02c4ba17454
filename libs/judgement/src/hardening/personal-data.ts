/**
 * Whether a text holds data of a person that names or charges somebody: e-mail addresses, telephone numbers, payment cards, bank
 * accounts, numbers of identity. By form and, where there is one, by checksum; a form that much else has (an address of a machine, a
 * passport's number) counts only beside the word for it. Every pattern is linear: bounded repetition, and no two ways to read one text.
 */

const email = /(?<![\w.+%-])[\w.+%-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![\w@])/i;
/** Names in the addresses of documentation and code: of nobody. */
const nobody = /@(?:[a-z0-9-]+\.)*(?:example\.(?:com|org|net)|example|test|invalid|localhost)$/i;

/** With a country's code, or in a country's own usual form; a row of digits alone is anything. */
const international =
  /(?<![\w.+-])(?<!\d )(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}(?![\w-]|\.\d)/;
const american = /(?<![\w.+-])(?:\(\d{3}\) ?|[2-9]\d{2}[-.])[2-9]\d{2}[-.]\d{4}(?![\w-]|\.\d)/;
const afterPhoneWord =
  /\b(?:phone|telephone|tel|mobile|cell|call me (?:at|on)|whatsapp|fax|handy|telefon|téléphone|teléfono)(?: (?:number|no|nr)\.?)?(?: is)?[:. ]{0,3}\(?\d{2,5}\)?(?:[ ./-]?\d{2,5}){1,4}(?!\w)/i;

const cardLike = /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g;
const ibanLike = /(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)/g;
const american9 = /(?<![\w.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w.-])/;
const afterSecurityWord =
  /\b(?:ssn|social security)\b[^.!?\n\d]{0,20}(?!000|666|9\d\d)\d{3}[- ]?(?!00)\d{2}[- ]?(?!0000)\d{4}(?!\w)/i;

const identity =
  /\b(?:passport|driving licen[cs]e|driver'?s licen[cs]e|identity card|id card|national id|personalausweis(?:nummer)?|reisepass(?:nummer)?|passeport|pasaporte|dni|nie|national insurance|nino|tax id|tin|steuer-?id|nhs|medical record|mrn|patient)(?: (?:number|no|nr|id)\.?)?(?: is)?[:# ]{0,3}(?=[a-z0-9]{0,3}[ -]?\d)[a-z0-9]{1,4}(?:[ -]?[a-z0-9]{2,4}){1,4}(?!\w)/i;
const machine =
  /\b(?:my|his|her|their|user'?s?|customer'?s?|client'?s?|visitor'?s?|home) (?:ip|ip address|mac address)(?: is)?[: ]{0,3}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7})(?!\w)/i;
const born =
  /\b(?:born(?: on)?|date of birth|dob|birthday(?: is)?)[: ]{1,3}(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}|\d{1,2}(?:st|nd|rd|th)? \w{3,9} \d{4})/i;

/** Whether a text holds such data. For prompts and answers alike; linear in the text. */
export function holdsPersonalData(text: string): boolean {
  if (holdsEmail(text)) return true;
  if (!/\d/.test(text)) return false;
  return (
    [international, american, afterPhoneWord, american9, afterSecurityWord, machine, born].some((each) =>
      each.test(text),
    ) ||
    hasIdentity(text) ||
    (text.match(cardLike) ?? []).some(isCard) ||
    (text.match(ibanLike) ?? []).some(isIban)
  );
}

function holdsEmail(text: string): boolean {
  if (!text.includes('@')) return false;
  return (text.match(new RegExp(email, 'gi')) ?? []).some((address) => !nobody.test(address));
}

/** The word and a number of five digits or signs at least, so that "passport 2 weeks" is none. */
function hasIdentity(text: string): boolean {
  const [found = ''] = identity.exec(text) ?? [];
  return (found.match(/\d/g) ?? []).length >= 5;
}

/** The digits of a card of a known issuer, with the right last one (Luhn). */
function isCard(written: string): boolean {
  const digits = written.replace(/\D/g, '');
  if (
    !/^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d)\d{12}|35\d{14})$/.test(
      digits,
    )
  )
    return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO 13616: the first four signs behind the others, letters as numbers from 10 on, is 1 modulo 97. */
function isIban(written: string): boolean {
  const plain = written.replace(/ /g, '');
  if (plain.length < 15 || plain.length > 34) return false;
  let rest = 0;
  for (const sign of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
