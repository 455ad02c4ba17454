/**
 * What the cache may do with a question by its kind, whatever stands in the cache: `ok` may be answered by similarity, `exact` only by
 * the very same words (it looks a record up), `thread` only within its conversation, `skip` never by similarity (it acts, complains,
 * or asks for what changes by the minute). Lexical, English; what it does not know is `ok` and left to the verifier.
 */
import { rememberedSignature, type Signature } from './signature.ts';

/** A question's class and why. */
export interface AdmissionClass {
  readonly label: 'ok' | 'exact' | 'thread' | 'skip';
  readonly reason: 'reusable' | 'record' | 'follow_up' | 'action' | 'personal' | 'volatile' | 'feedback';
}

const scanned = 1200;

const actionVerbs =
  'cancel|delete|remove|restart|reboot|reset|rotate|revoke|transfer|send|wire|pay|refund|book|reserve|reschedule|order|buy|purchase|sell|block|unblock|freeze|unfreeze|lock|unlock|close|shut|stop|pause|resume|apply|switch|deploy|redeploy|rollback|merge|approve|reject|deny|confirm|submit|publish|post|upload|forward|call|dial|turn|enable|disable|activate|deactivate|change|update|upgrade|downgrade|renew|add|set|schedule|remind|drop|kill|terminate|move|replace|dispute|report|increase|decrease|raise|lower|redo|rerun|run|trigger|start|restore|undo|invite|assign|escalate|subscribe|unsubscribe|sperre|sperren|überweise|storniere|kündige|lösche|annule|annulez|bloquea|cancela|transfiere';
const imperative = new RegExp(`^(?:and |now |then |just |also |immediately |bitte |sofort )*(?:${actionVerbs})\\b`);
const toolUse = /\b(?:you have (?:the |these )?tools?|with the \w+ tool|use the \w+ tool|using the \w+ tool)\b/;
/** What an action is done to: something of the asker's, or one certain thing. */
const certain =
  /\b(?:my|mine|our|that|this|these|those|him|her|them|for me|right now|now|immediately|today|asap|at once|meine?[nr]?|sofort)\b|\bthe \w+|#\s?\w*\d|\b[a-z]{1,5}-?\d{2,}\b|\b\d{4,}\b|[$€£]\s?\d|\b\d+ ?(?:euros?|dollars?|pounds?|usd|eur|gbp|minutes?|min)\b/;
/** A sentence about how something is done is a question, however it begins. */
const asksHow =
  /\b(?:how (?:do|can|to|does|would|should)|what (?:is|are|does|happens)|which|why|steps to|explain|command (?:to|for)|in (?:python|javascript|typescript|java|c\+\+|c#|go|rust|sql|bash|excel|pandas|git|ruby|php))\b/;

const feedback =
  /^\W*(?:no|nope|nah|yes|huh|hm+|what|really|seriously|are you (?:sure|certain)|try (?:it )?again|please try again|redo (?:that|this|it)|again|give it another try|(?:please |can you |could you )?(?:double[- ]?check|recheck|verify) (?:that|this|it)|fix (?:that|this|it)|wrong|not what i (?:asked|meant|wanted)|duh.*|missed the point|you (?:got|are|have|misunderstood|missed).{0,20}(?:wrong|point|it)?|(?:that|this|it)(?:'s| is| was| can'?t be| cannot be| isn'?t| does ?n[o']?t| looks| seems| sounds| makes)? ?(?:answer )?.{0,24}\b(?:wrong|incorrect|right|sense|correct|true)(?: at all)?|(?:that|the|this|your) (?:answer|response|reply).{0,20}(?:wrong|incorrect|bad|off|right)|wrong answer|(?:it |that |this )?(?:makes no|does ?n[o']t make|doesn't make) sense.*|i (?:do ?n[o']t|don't) (?:think|believe) (?:that|this|it)(?:'s| is)? ?(?:right|correct|true).*)\W*$/i;
/** Disagreement that only its conversation can place. */
const disagreement = /^\W*(?:that|it|this) (?:does ?n[o']?t|doesn't) (?:sound|look) (?:right|correct)\W*$/i;

const followUps =
  /^(?:what about|how about|and (?:what|how|the|for|in|now|then)?|also\b|but\b|or\b|instead\b|now (?:do|for|with|the|use)|then\b|(?:no|yes|ok|okay), |same\b|the (?:first|second|third|last|other|latter|former)(?: one| option)?\b|go back|back to|try the same|do (?:the )?same|make (?:it|that|them)\b|keep (?:everything|it|that)|use (?:that|the other|the earlier|the previous)|more (?:of|like)|less\b|shorter|longer|continue|go on|which one\W*$|why not\W*$)/;
const backReference =
  /\b(?:the same (?:as (?:before|above|last)|for|query|settings|thing|dataset)|as before|as above|like before|(?:the )?(?:earlier|previous|above) (?:one|dataset|answer|question|query|result|example)|that one|this one|those ones|do (?:the )?same|same (?:but|except) )/;

const personalThing =
  'balances?|orders?|accounts?|statements?|transactions?|payments?|packages?|parcels?|deliver(?:y|ies)|shipments?|subscriptions?|bookings?|reservations?|flights?|appointments?|cases?|tickets?|incidents?|invoices?|bills?|refunds?|transfers?|reading|readings|results?|tests?|levels?|score|usage|quota|meetings?|calendar|emails?|messages?|notifications?|schedule|portfolio|salary|login attempts?|sessions?|jobs?|builds?|pipelines?|deployments?|revenue|team|sugar|glucose|heart rate|activity|spending|points|miles|steps';
/** "Show the last payments of my account", "what is my balance"; "is the interest on my account taxable" asks about a rule. */
const asksRecord = new RegExp(
  `\\b(?:(?:show|check|list|see|view|get|give|fetch|pull|display|find|where(?:'s| is| are)|when (?:will|does|is)|how much|how many)\\b.{0,40}|(?:what(?:'s| is| are| was| were)|has|have|is|are|did) (?:all |any )?(?:of )?)\\b(?:my|our|mine)\\b.{0,40}\\b(?:${personalThing})\\b`,
);
const whereIsMy = /^(?:where(?:'s| is| are)|track|when will) (?:my|our)\b/;
const asksState =
  /\b(?:what(?:'s| is| was)|show|check|give|get|tell)\b.{0,40}\b(?:balance|status|queue|location|position|reading|total|amount|sum|due date|history|address|last|next|latest)\b/;
const generalAsk =
  /\b(?:how (?:do|can|does|to|long|often|would|should)|why|explain|policy|policies|can i|could i|do i|should i|difference|meaning of|what does|is it (?:still )?possible|where (?:can|do) i|steps)\b/;

const nowWords =
  /\b(?:right now|just now|at (?:the|this) moment|at present|as of now|currently|real[- ]?time|live|this (?:second|minute|hour)|ahora mismo|gerade|en ce moment)\b/;
const dayWords =
  /\b(?:today|tonight|tomorrow|yesterday|now|so far|(?:last|past) (?:\d+ )?(?:hour|minute|day|night)s?|heute|morgen|aujourd'hui|hoy|this (?:morning|afternoon|evening))\b/;
/** Asks for what was recorded, not for what is known. */
const asksData = /^(?:look (?:at|up|through)|check|show|list|count|fetch|pull|summari[sz]e)\b/;
const latest = /\b(?:latest|most recent|newest|current(?! accounts?\b)|today'?s|tonight'?s|yesterday'?s|up to date)\b/;
const changing =
  /\b(?:weather|forecast|temperature outside|traffic|prices?|stock|stocks|shares?|exchange rate|rates?|apy|apr|balance|score|scores|standings|news|headlines|status|incidents?|outages?|online|available|availability|inventory|in stock|wait(?:ing)? time|queue|open|closed|revenue|sales|traffic|alerts?|errors?|logs?|transactions?|transfers?|visitors|users online|trending|reading|levels?|usage|how many (?:people|users|days|hours))\b/;
const clock =
  /^(?:what(?:'s| is) the (?:time|date|day)|what (?:time|day|date) is it|how (?:many|much) (?:days|hours|weeks|time) (?:are |is )?(?:left|until|till)|what is happening)\b/;

const lookup = /^(?:find|look ?up|search(?: for)?|show|get|fetch|check|open|pull up|retrieve|display|view|see)\b/;
const identifier =
  /\b(?=[a-z]*-?\d)[a-z]{1,6}-?(?:\d{4}-)?\d{3,}\b|\b\d{5,}\b|#\w*\d|\b[0-9a-f]{8}-[0-9a-f]{4}-|\b[\w-]+\.(?:[\w-]+\.)+(?:net|com|org|io|local|internal)\b/;
const shop = /\b(?:under|below|cheaper than|size|colou?r|nonstop|flights? from|headphones|pants|shoes|usd)\b/;
const patientRecord =
  /\b(?:discharge summary|medical (?:record|history|chart)|lab results?|test results?|health record|patient (?:file|record|chart)|prescriptions?|case file|personnel file)\b.{0,20}\b(?:for|of)\b/;

/** Reads the head of a question. Linear in its length. */
export function admissionClass(question: string): AdmissionClass {
  const head = question.slice(0, scanned);
  const signature = rememberedSignature(head);
  const words = signature.tokens.length;
  const text = plain(head);
  if (words <= 12 && feedback.test(head.trim())) return { label: 'skip', reason: 'feedback' };
  if (disagreement.test(head) || isFollowUp(text)) return { label: 'thread', reason: 'follow_up' };
  if (patientRecord.test(text) && hasName(signature)) return { label: 'thread', reason: 'personal' };
  if (isAction(text, words)) return { label: 'skip', reason: 'action' };
  if (isVolatile(text)) return { label: 'skip', reason: 'volatile' };
  if (isPersonal(text)) return { label: 'skip', reason: 'personal' };
  if (lookup.test(text) && identifier.test(text) && !shop.test(text) && words < 14)
    return { label: 'exact', reason: 'record' };
  return { label: 'ok', reason: 'reusable' };
}

/** Whether the answer to a question changes by itself, so that yesterday's is wrong. The class says the same, where nothing else comes first. */
export function isVolatileQuestion(question: string): boolean {
  return isVolatile(plain(question.slice(0, scanned)));
}

/** Whether a question only makes sense after another, by how it opens or what it points back to. */
export function isFollowUpQuestion(question: string): boolean {
  const head = question.slice(0, scanned);
  return disagreement.test(head) || isFollowUp(plain(head));
}

/** Lower case, courtesy off the front. */
function plain(head: string): string {
  return head
    .toLowerCase()
    .replace(/[’‘]/g, "'")
    .replace(/\s+/g, ' ')
    .trim()
    .replace(
      /^(?:(?:hi|hello|hey|please|kindly|ok|okay|so|well|good (?:morning|afternoon|evening)|thanks|bitte)[,!.: ]+)+/,
      '',
    )
    .replace(/^(?:can|could|would|will) you (?:please )?(?:kindly )?(?=\w)/, '')
    .replace(/^(?:i (?:want|need|would like|'d like) (?:you )?to |i want you to )(?=\w)/, '')
    .replace(/^please /, '');
}

function isFollowUp(text: string): boolean {
  const opens = followUps.test(text);
  if (!opens && (!backReference.test(text) || imperative.test(text))) return false;
  const words = text.split(/[^\p{L}\p{N}'’]+/u).filter((word) => word !== '').length;
  if (words > 16 || (/^(?:and|but|or|also|then) /.test(text) && words > 12)) return false;
  return opens || words <= 14;
}

function isAction(text: string, words: number): boolean {
  if (toolUse.test(text)) return true;
  if (/^(?:set|start) (?:a |an )?(?:timer|alarm|reminder)\b|\btimer\b.{0,20}\d+ ?min|^(?:remind|wake) me\b/.test(text))
    return true;
  if (/^change .{0,40}\binto\b/.test(text)) return false;
  if (!imperative.test(text)) return false;
  if (words > 70) return false;
  const first = text.split(/[.!?;:]/)[0] ?? text;
  if (asksHow.test(first) || /\?\s*$/.test(first)) return false;
  return certain.test(first);
}

function isVolatile(text: string): boolean {
  if (clock.test(text) || (dayWords.test(text) && asksData.test(text))) return true;
  if (generalAsk.test(text) && !nowWords.test(text)) return false;
  if (text.length > 300) return false;
  if (nowWords.test(text) && (changing.test(text) || /\bis\b.{0,40}\bright now\b/.test(text))) return true;
  if (dayWords.test(text) && changing.test(text)) return true;
  return (
    latest.test(text) &&
    changing.test(text) &&
    !/\b(?:ceo|president|version|release|law|policy)\b/.test(text) &&
    text.length < 160
  );
}

function isPersonal(text: string): boolean {
  if (whereIsMy.test(text)) return true;
  if (generalAsk.test(text) || text.length > 160) return false;
  if (asksRecord.test(text)) return true;
  return asksState.test(text) && /\b(?:my|our)\b/.test(text);
}

function hasName({ tokens }: Signature): boolean {
  return tokens.some(({ capital }, i) => capital && tokens[i + 1]?.capital === true);
}
