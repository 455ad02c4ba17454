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

/** Each is linear: bounded gaps, no nested repetition. */
const steering: readonly RegExp[] = [
  new RegExp(
    `\\b(?:ignore|disregard|forget|override|bypass|discard|drop|skip)\\b[^.!?\\n]{0,30}\\b(?:${before})\\b[^.!?\\n]{0,30}\\b${rules}\\b`,
    'i',
  ),
  new RegExp(
    `\\b(?:ignore|disregard|forget)\\b (?:all|everything|anything)\\b[^.!?\\n]{0,30}\\b(?:above|before|said|told|${rules})\\b`,
    'i',
  ),
  /\b(?:reveal|print|show|repeat|output|leak|tell me)\b[^.!?\n]{0,30}\b(?:system|hidden|initial|secret) (?:prompt|instructions?|message)\b/i,
  new RegExp(
    `\\b(?:when(?:ever)?|if|once|next time|each time|every time)\\b ${others} (?:else )?(?:asks?|asked|queries|wants?|types?|says?|sends?|enters?)\\b`,
    'i',
  ),
  /\b(?:for|to) (?:all|every|any|other|future|subsequent|the next) (?:other |future |subsequent )?(?:users?|askers?|callers?|customers?|requests?|queries|questions|prompts?|conversations?)\b[^.!?\n]{0,40}\b(?:answer|reply|respond|say|return|use|serve|output|always|never)\b/i,
  /\b(?:answer|reply|respond|return|say|serve)\b[^.!?\n]{0,60}\b(?:for|to) (?:all|every|any|other|future|subsequent) (?:other |future |subsequent )?(?:users?|askers?|callers?|customers?|requests?|queries|questions|prompts?|conversations?)\b/i,
  /\b(?:poison|pollute|overwrite|hijack|inject|seed|prime|store (?:this|that|it|the following)|save (?:this|that|it|the following)|cache (?:this|that|it|the following)|remember this)\b[^.!?\n]{0,40}\b(?:cache|cached answers?|semantic cache|other users?|everyone|future (?:users?|requests?|answers?|questions?))\b/i,
  /\b(?:you are now|from now on you are|act as|enable) (?:in )?(?:dan\b|an? (?:unrestricted|unfiltered|jailbroken|uncensored)|developer mode|god mode|jailbreak)/i,
  /<\|(?:im_start|im_end|system|endoftext|start_header_id|eot_id)\|?>|\[\/?INST\]|<<\/?SYS>>|^\s*#{2,}\s*(?:system|new instructions?)\s*:?\s*$/im,
];

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
