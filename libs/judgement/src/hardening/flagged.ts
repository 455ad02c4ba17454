/**
 * Prompts that try to steer the mesh, its models' instructions, or what other askers get. They are answered, for that is between the
 * asker and the model; but what they bring about is kept for nobody. A question about such prompts may be flagged too: that costs a hit.
 */
import { type Chat, Role } from '@refrain/contracts';
import { textOf } from '../question.ts';
import { hidesSomething } from './odd-characters.ts';

const before = '(?:previous|prior|above|earlier|preceding|former|original|initial|existing|foregoing|system|your)';
const rules =
  '(?:instructions?|prompts?|rules?|directions?|guidelines?|messages?|constraints?|programming|training|context)';
const others =
  '(?:any(?:one|body)|some(?:one|body)|every(?:one|body)|users?|people|others?|customers?|clients?|visitors?|they|whoever)';

const people = '(?:users?|askers?|callers?|customers?|visitors?)';
/** Those whose questions are not this one. */
const strangers = `(?:(?:all|any|every|the) )?(?:other|future|subsequent|next) (?:${people}|requests?|queries|questions?|prompts?|conversations?)`;
const audience = `(?:(?:all|every|any|each) (?:of the )?${people}|${strangers})`;
const answers = '(?:answer|reply|respond|say|tell)';
/** Within one sentence, a bounded way off. */
const gap = (most: number) => `\\b[^.!?\\n]{0,${most}}\\b`;

/** Each is linear: bounded gaps, no nested repetition. */
const steering: readonly RegExp[] = [
  `\\b(?:ignore|disregard|forget|override|bypass|discard|drop|skip)${gap(30)}${before}${gap(30)}${rules}\\b`,
  `\\b(?:ignore|disregard|forget) (?:all|everything|anything)${gap(30)}(?:above|before|said|told|${rules})\\b`,
  `\\b(?:reveal|print|show|repeat|output|leak|tell me)${gap(30)}(?:system|hidden|initial|secret) (?:prompt|instructions?|message)\\b`,
  `\\b(?:when(?:ever)?|if|once|next time|each time|every time) ${others} (?:else )?(?:asks?|asked|queries|types?|enters?)${gap(80)}${answers}\\b`,
  `\\b(?:for|to) ${audience}${gap(40)}${answers}\\b`,
  `\\b${answers}${gap(60)}(?:for|to|from) ${strangers}\\b`,
  `\\b(?:poison|pollute|overwrite|hijack|inject|seed|prime|remember this|(?:store|save|cache) (?:this|that|it|the following))${gap(40)}(?:cache|cached answers?|semantic cache|other users?|everyone|future (?:users?|requests?|answers?|questions?))\\b`,
  '\\b(?:you are now|from now on you are|act as|enable) (?:in )?(?:dan\\b|an? (?:unrestricted|unfiltered|jailbroken|uncensored)|developer mode|god mode|jailbreak)',
  '<\\|(?:im_start|im_end|system|endoftext|start_header_id|eot_id)\\|?>|\\[/?INST\\]|<</?SYS>>|^\\s{0,3}#{2,6} ?(?:system|new instructions?) ?:?$',
].map((pattern) => new RegExp(pattern, 'im'));

/** Whether a chat tries to. What the application itself says (system messages) is its own affair. */
export function isFlagged(chat: Chat): boolean {
  return chat.messages.some((message) => {
    if (message.role === Role.SYSTEM) return false;
    const text = textOf(message);
    return hidesSomething(text) || (message.role !== Role.ASSISTANT && steers(text));
  });
}

function steers(text: string): boolean {
  const plain = text.normalize('NFKC');
  return steering.some((pattern) => pattern.test(plain));
}
