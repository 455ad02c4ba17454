/**
 * The shared pool's scripts. All that decides runs inside Redis, by Redis' clock, so that workers whose clocks differ agree, and so
 * that no two of them count the same free place. `decide.ts` and `local-pool.ts` are the same in TypeScript, for when Redis is away;
 * a test holds the two to the same choices.
 *
 * KEYS of each: the records of the keys, the leases (a sorted set, by when they end), the records of the keys for one model.
 * ARGV[1]: the time for tests that move a clock; empty for Redis' own.
 */
import { keyRecordFields } from '@refrain/state';
import { modelFields, slotMs, slots, windowNumbers } from '../records.ts';

const upper = (name: string) => name.replace(/[A-Z]/g, '_$&').toUpperCase();
const locals = (fields: readonly string[], prefix = '') =>
  fields.map((field, i) => `local ${prefix}${upper(field)} = ${i + 1}`).join('\n');

/** What every script begins with: the time and the day, records read, brought up to the moment and written. */
export const prelude = `
${locals(keyRecordFields)}
${locals(modelFields, 'M_')}

local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function dayOf(now, midnights)
  for i = #midnights - 1, 1, -1 do
    if midnights[i] <= now then return midnights[i], midnights[i + 1] end
  end
  local start = now - now % 86400000
  return start, start + 86400000
end

local function zeros(count)
  local list = {}
  for i = 1, count do list[i] = 0 end
  return list
end

local function toKey(raw, now)
  if raw then return cjson.decode(raw) end
  local key = zeros(${keyRecordFields.length})
  key[DISABLED] = ''
  key[LAST_ERROR] = ''
  key[POOL] = ''
  key[SLOT_REQUESTS] = zeros(${slots})
  key[SLOT_TOKENS] = zeros(${slots})
  key[ADDED_AT] = now
  return key
end

local function toModel(raw)
  if raw then return cjson.decode(raw) end
  local model = zeros(${modelFields.length - 1 + windowNumbers})
  for i = M_WINDOWS, M_WINDOWS + 9, 3 do model[i] = -1 end
  return model
end

local function load(id, now)
  return toKey(redis.call('HGET', KEYS[1], id), now), toModel(redis.call('HGET', KEYS[3], id))
end

local function save(id, key, model)
  redis.call('HSET', KEYS[1], id, cjson.encode(key))
  if model then
    redis.call('HSET', KEYS[3], id, cjson.encode(model))
    redis.call('PEXPIRE', KEYS[3], 259200000)
  end
end

local function advance(key, now, day)
  local slot = math.floor(now / ${slotMs})
  local ahead = slot - key[SLOT]
  if ahead > 0 then
    for i = ${slots}, 1, -1 do
      key[SLOT_REQUESTS][i] = i > ahead and key[SLOT_REQUESTS][i - ahead] or 0
      key[SLOT_TOKENS][i] = i > ahead and key[SLOT_TOKENS][i - ahead] or 0
    end
    key[SLOT] = slot
  end
  if key[DAY] < day then
    key[DAY] = day
    key[DAY_REQUESTS] = 0
    key[DAY_TOKENS] = 0
  end
end
`;
