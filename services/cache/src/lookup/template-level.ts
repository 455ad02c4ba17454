/** The last level: templates marked `always`. Filled, one is kept under its exact key for its own time. */
import { create } from '@bufbuild/protobuf';
import { type Answer, AnswerSchema, FinishReason, LookupResponseSchema, Source } from '@refrain/contracts';
import { cacheability, exactKey, matchTemplate, partitionKey, questionOf } from '@refrain/judgement';
import type { RedisExactStore } from '../entries/exact-store.ts';
import { toStoredHit } from '../entries/hit.ts';
import { lifeOf } from '../entries/life.ts';
import { shorten, toEntryId } from '../entries/redis-keys.ts';
import { makeRoom, type RoomParts } from '../removal/room.ts';
import type { Asked, LevelResult } from '../requests/level.ts';
import { type Faults, missReason } from '../requests/miss-reason.ts';
import type { Counts } from '../requests/stats.ts';
import { isTooPersonal } from '../requests/too-personal.ts';

/** What the level stands on. */
export interface TemplateParts extends RoomParts, Faults {
  readonly exact: Pick<RedisExactStore, 'set'>;
  readonly counts: Pick<Counts, 'evicted' | 'refused'>;
  readonly random: () => number;
}

/** The operator wrote it: no model's answer ranks higher. */
const templateRank = 5;

/** Fills a template from the question. A request for tools, pictures or JSON wants more than a template's text. */
export function lookupTemplate(asked: Asked, parts: TemplateParts): LevelResult {
  const { chat, request, settings, nowMs } = asked;
  const { classification } = request;
  if (chat.tools.length > 0) return { miss: 'tools' };
  if (chat.responseFormat && chat.responseFormat.type !== 'text') return { miss: 'response_format' };
  const match = matchTemplate(settings.templates, questionOf(chat), 'always');
  if (!match) return { miss: 'empty' };
  const answer = create(AnswerSchema, {
    text: match.answer,
    finishReason: FinishReason.STOP,
    usage: {},
    cost: {},
    provenance: {
      source: Source.TEMPLATE,
      provider: 'template',
      model: match.name,
      reason: 'cache:template',
      ...(classification && { classification }),
    },
    createdAtMs: BigInt(nowMs),
  });
  keep(answer, match.name, asked, parts);
  return { hit: create(LookupResponseSchema, { answer }) };
}

/** In the background: the answer does not wait for it, and is as good where it fails. */
function keep(answer: Answer, name: string, { chat, request, settings, nowMs }: Asked, parts: TemplateParts): void {
  const { tenant, classification } = request;
  const { cache } = settings;
  if (!classification || !cache.exact.enabled || isTooPersonal(chat, answer.text, cache)) return;
  if (!cacheability(chat, classification, cache.maximumTemperature).store) return;
  const scope = settings.scope(tenant);
  const id = shorten(exactKey(chat, scope));
  const partition = shorten(partitionKey(chat, scope));
  const hit = toStoredHit(answer, toEntryId(id, partition));
  const template = settings.templateVersion(name) ?? '';
  // It can be filled again at any moment: nobody has to make do with a stale one.
  const life = lifeOf(cache.template.ttlSeconds, nowMs, { cache, random: parts.random, isStaleUseful: false });
  const names = { tenant, id, partition, tags: [], model: `template/${name}`, askedAtMs: nowMs };
  const keepOne = async () => {
    // Any number of questions fills a template: each counts against the cap.
    if (await parts.exact.set({ ...names, hit, rank: templateRank, template }, life)) await makeRoom(tenant, parts);
  };
  keepOne().catch((thrown) => parts.counts.refused(`template_${missReason(thrown, parts)}`));
}
