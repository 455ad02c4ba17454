/**
 * Whether a dialogue binds its later turns: what was said before may set a persona, a language or a form ("answer in French from now
 * on"), or tell facts about the asker ("I live in Oslo") that every later answer must heed. Then no answer that was given outside of it
 * will do. Free is only what plainly is: questions, answered in prose, in one language.
 */
import { type Chat, type Message, Role } from '@refrain/contracts';
import { languageOf } from '../language.ts';
import { textOf } from '../question.ts';

/** Turns before the question; a longer dialogue is bound, whatever is in it. */
const maximumTurns = 24;
const maximumTurnCharacters = 1000;

const asks =
  /^(?:what|who|whom|whose|which|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|may|might|tell|explain|describe|define|compare|name|list)\b/i;
/** What stands before a question and says nothing, as a sentence of its own or at the head of one. */
const opening =
  /^(?:(?:ok(?:ay)?|thanks|thank you|great|cool|interesting|really|wow|and|but|so|now|oh|hi|hello|hey|please|no|yes)\b[,.!? ]*)*/i;
const setsForm =
  /\b(?:from now on|from here on|henceforth|for the rest|going forward|every time|each time|whenever|always|never|until i|unless i|act as|acting as|pretend|role ?-?play|imagine|suppose|assume|assuming|what if|in (?:this|the|our|my|a) (?:story|game|scenario|world|universe|novel|play|fiction)|given that|hypothetically|let's|let us|you are|you're|you will be|be (?:brief|concise|polite|formal|honest|funny)|call me|call yourself|my name|in (?:one|two|three|a|a few|\d+) (?:words?|sentences?|lines?|paragraphs?)|bullets?|json|xml|yaml|csv|markdown|as a|style|simple(?:r)? (?:terms|words|english)|plain english|like i'?m|as if|eli5|short(?:er|ly)?|brief(?:ly)?|concise(?:ly)?|step by step|translate|rhymes?|poems?|emojis?|capital letters|uppercase|lowercase|only|instead|(?:answer|reply|respond|say|write|speak|talk|output|format)s? (?:in|with|as|like|only|using|to me|without|every|all|it|everything|the)|in (?:english|german|french|spanish|italian|portuguese|dutch|polish|russian|chinese|japanese|korean|arabic|hindi|turkish|latin|pirate))\b/i;
/** Not the United States. */
const aboutAsker = /\b(?:[Ii]|[Ii]['’](?:m|ve|d|ll)|[Mm][ye]|[Mm]ine|[Ww]e(?:['’](?:re|ve|ll|d))?|[Oo]urs?|us)\b/;
/** "tell me", "can I" and "I want to know" say nothing about the asker. */
const saysNothing =
  /\b(?:(?:tell|show|give|help|remind) (?:me|us)|for me to|(?:can|could|do|should|would|may) (?:i|we|you)|i(?: want|['’]d like| would like| need) to (?:know|learn|hear|read)|i wonder|i mean)\b/gi;
const wants = /^i(?: want|['’]d like| would like| need) to (?:know|learn|hear|read)\b/i;
/** What a model says when it was told how to speak, or takes a part. */
const inPersona =
  /\b(?:from now on|i(?:'ll| will| shall) (?:answer|respond|reply|speak|write|act|be|call|keep|use|only|always|never|pretend|remember)|as you (?:asked|wish|requested|said)|as requested|your (?:name|majesty|honou?r)|arr+|ahoy|meow|as an? \w+,)/i;

/** Turns of the asker before the question, oldest first; undefined where the dialogue binds what follows, or is none that can be followed. */
export function freeHistory(chat: Chat): string[] | undefined {
  const turns = chat.messages.slice(chat.messages.findIndex(({ role }) => role !== Role.SYSTEM)).slice(0, -1);
  const last = chat.messages.at(-1);
  if (turns.length > maximumTurns || last?.role !== Role.USER) return undefined;
  const language = languageOf(textOf(last));
  const history: string[] = [];
  for (const turn of turns) {
    const text = textOf(turn);
    if (!isPlain(turn) || text.length > maximumTurnCharacters || languageOf(text) !== language) return undefined;
    if (turn.role === Role.USER) {
      if (!isFreeQuestion(text)) return undefined;
      history.push(text);
    } else if (turn.role !== Role.ASSISTANT || !isProse(text)) return undefined;
  }
  return history;
}

/** Nothing but words, said by nobody in particular. */
function isPlain({ name, toolCalls, toolCallId, parts }: Message): boolean {
  return (
    name === '' && toolCalls.length === 0 && toolCallId === '' && parts.every(({ content }) => content.case === 'text')
  );
}

/** Each sentence asks, and none says how to answer or who asks. */
function isFreeQuestion(text: string): boolean {
  if (setsForm.test(text)) return false;
  const said = text.replace(saysNothing, '');
  if (aboutAsker.test(said)) return false;
  return text.split(/(?<=[.!?])\s+/).every((sentence) => {
    const rest = sentence.trim().replace(opening, '');
    return rest === '' || asks.test(rest) || /\?\s*$/.test(rest) || wants.test(rest);
  });
}

/** An answer as it is given to a question that stands alone: a word, a list or an object may be the form that was asked for. */
function isProse(text: string): boolean {
  if (inPersona.test(text.slice(0, 300))) return false;
  return /^["'“(]?\p{Lu}/u.test(text.trim()) && text.trim().split(/\s+/).length >= 4;
}
