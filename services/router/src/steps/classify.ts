import { randomUUIDv7 } from 'node:crypto';
import type { Classification } from '@refrain/contracts';
import { applyProfile, cacheability, complexityName, exactKey, minimumRank, validateChat } from '@refrain/judgement';
import { Deadline } from '@refrain/resilience';
import type { Ask, Question } from '../ask.ts';
import type { Caller } from '../caller.ts';
import { cacheMode, checkOptions } from '../options.ts';
import type { Settings } from '../settings.ts';

/**
 * Step 3: what is it. Brings the chat into its canonical form and judges it, once for all later steps.
 * @throws RefrainError `invalid` with every fault of the request.
 */
export function classify(ask: Ask, caller: Caller, settings: Settings): Question {
  const { mesh, classifier } = settings;
  checkOptions(ask.options, mesh.cache);
  const chat = validateChat(ask.chat);
  applyProfile(chat, mesh.profiles);
  chat.maxTokens ??= mesh.limits.maxTokens;
  let classification: Classification | undefined;
  const classified = () => {
    classification ??= classifier.classify(chat);
    return classification;
  };
  let key: string | undefined;
  return {
    requestId: ask.requestId ?? randomUUIDv7(),
    ask,
    caller,
    chat,
    get classification() {
      return classified();
    },
    able: cacheability(chat, classified, mesh.cache.maximumTemperature),
    cacheMode: cacheMode(ask.options),
    get exactKey() {
      key ??= exactKey(chat, settings.scope(caller.tenant));
      return key;
    },
    get minimumRank() {
      // Most meshes have no such rule: then the exact level is asked before the prompt is judged.
      const { minimumRank: rules } = mesh.cache;
      return rules.length === 0 ? 1 : minimumRank(rules, caller.tier, complexityName(classified().complexity));
    },
    lane: mesh.tiers[caller.tier].lane,
    deadline: new Deadline(Math.min(ask.remainingMs ?? Number.POSITIVE_INFINITY, mesh.limits.deadlineMs)),
    beganAtMs: performance.now(),
    settings,
  };
}

/**
 * The question with its class refined by what the cache embedded it to: 384 little-endian floats, as a lookup answers on a miss. It only
 * says who is asked; what the cache may do with the question was settled before.
 */
export function withMeaning(question: Question, vector: Uint8Array | undefined): Question {
  if (!vector || vector.length === 0 || vector.length % 4 !== 0) return question;
  const view = new DataView(vector.buffer, vector.byteOffset, vector.length);
  const numbers = Float32Array.from({ length: vector.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
  const classification = question.settings.classifier.refine(question.chat, question.classification, numbers);
  return { ...question, classification };
}
