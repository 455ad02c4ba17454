/** Takes a key and a place at the provider. */
import type { Script } from '@refrain/state';
import { lookedAt, probeWaitMs, slotMs, slots, waitingMs } from '../records.ts';
import { prelude } from './prelude.ts';

const deciding = `
local function whenFits(counts, slot, limit, need)
  local sum = 0
  for i = 1, ${slots} do sum = sum + counts[i] end
  local used = sum / limit
  if sum + need <= limit then return 0, used end
  for i = ${slots}, 1, -1 do
    sum = sum - counts[i]
    if sum + need <= limit then return (slot - i + 1 + ${slots}) * ${slotMs}, used end
  end
  return (slot + ${slots}) * ${slotMs}, used
end

-- Whether a key can be used: 'ok', 'busy', 'wait' (and until when) or 'denied'; and how much of its tightest quota is used.
local function judge(key, model, limits, want, now, nextDay)
  if key[DISABLED] ~= '' then return 'denied', 0, 0 end
  local at, used = 0, 0
  local function note(moment, share)
    if moment > at then at = moment end
    if share > used then used = share end
  end
  note(model[M_REST_UNTIL], 0)
  for i = 1, 4 do
    local first = M_WINDOWS + (i - 1) * 3
    local left, limit, reset = model[first], model[first + 1], model[first + 2]
    if left >= 0 and reset > now then
      local need = limit > 0 and math.min(want[i], limit) or want[i]
      note(left < need and reset or 0, limit > 0 and 1 - left / limit or 0)
    end
  end
  if limits[1] > 0 then note(whenFits(key[SLOT_REQUESTS], key[SLOT], limits[1], 1)) end
  if limits[3] > 0 then note(whenFits(key[SLOT_TOKENS], key[SLOT], limits[3], math.min(want[2], limits[3]))) end
  if limits[2] > 0 then note(key[DAY_REQUESTS] + 1 > limits[2] and nextDay or 0, key[DAY_REQUESTS] / limits[2]) end
  if limits[4] > 0 then
    local need = math.min(want[2], limits[4])
    note(key[DAY_TOKENS] + need > limits[4] and nextDay or 0, key[DAY_TOKENS] / limits[4])
  end
  if at > now then return 'wait', at, used end
  local tried = key[TRIAL] == 1 and key[RUNNING] > 0 or model[M_HALF_OPEN] == 1 and model[M_PROBE_UNTIL] > now
  if tried then return 'wait', now + ${probeWaitMs}, used end
  if limits[5] > 0 and key[RUNNING] >= limits[5] then return 'busy', 0, used end
  return 'ok', 0, used
end
`;

const leaseLua = `${prelude}${deciding}
local now = clock()
local ask = cjson.decode(ARGV[2])
local plan = cjson.decode(ARGV[3])
local day, nextDay = dayOf(now, ask.midnights)
local want = ask.want

for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', KEYS[2], member)
  local id = string.sub(member, 1, 12)
  local raw = redis.call('HGET', KEYS[1], id)
  if raw then
    local key = cjson.decode(raw)
    key[RUNNING] = math.max(0, key[RUNNING] - 1)
    save(id, key)
  end
end

local full = plan.concurrency > 0 and redis.call('ZCARD', KEYS[2]) >= plan.concurrency
local own = redis.call('HMGET', KEYS[1], '@cursor', '@waiting')
local cursor = tonumber(own[1] or 0)
local waiting = own[2] and cjson.decode(own[2]) or {}
if plan.concurrency > 0 and not full then
  -- A worker whose calls end takes their places anew before others have looked: what is more than its share it leaves to them.
  local others = 0
  for worker, at in pairs(waiting) do
    if worker ~= ask.worker and now - at < ${waitingMs} then others = others + 1 end
  end
  full = others > 0 and ask.running >= math.ceil(plan.concurrency / (others + 1))
end
local seen = { untried = 0, working = 0, busy = false, at = math.huge }
local best

local function score(key, limits, used)
  if plan.strategy == 'most-headroom' then return used end
  return key[LATELY] * 2 ^ ((key[LATELY_AT] - now) / 60000) / (plan.strategy == 'weighted' and limits[6] or 1)
end

-- Looks at one key; true when no other can be better.
local function look(place, entry, raws)
  local id = string.sub(entry, 1, 12)
  local key = toKey(raws[1], now)
  if key[DISABLED] ~= '' then return false end
  seen.working = seen.working + 1
  if string.find(ask.excluded, id, 1, true) then return false end
  seen.untried = seen.untried + 1
  advance(key, now, day)
  local model = toModel(raws[2])
  local limits = plan.limits[string.byte(entry, 13) - 64]
  local verdict, at, used = judge(key, model, limits, want, now, nextDay)
  if verdict == 'busy' then seen.busy = true end
  if verdict == 'wait' and at < seen.at then seen.at = at end
  if verdict ~= 'ok' then return false end
  local near = used >= plan.threshold
  local points = plan.strategy == 'round-robin' and 0 or score(key, limits, used)
  if not best or (best.near and not near) or (best.near == near and points < best.points) then
    best = { id = id, key = key, model = model, limits = limits, place = place, near = near, points = points }
  end
  return not near and plan.strategy == 'round-robin'
end

local function scan(tier)
  local count = #tier / 13
  for from = 0, count - 1, ${lookedAt} do
    local entries, ids = {}, {}
    for i = from, math.min(from + ${lookedAt}, count) - 1 do
      local place = (cursor + i) % count
      local entry = string.sub(tier, place * 13 + 1, place * 13 + 13)
      entries[#entries + 1] = { place, entry }
      ids[#ids + 1] = string.sub(entry, 1, 12)
    end
    local keys = redis.call('HMGET', KEYS[1], unpack(ids))
    local models = redis.call('HMGET', KEYS[3], unpack(ids))
    for i, each in ipairs(entries) do
      if look(each[1], each[2], { keys[i], models[i] }) then return true end
    end
    if best and not best.near then return true end
  end
  return best ~= nil
end

if ask.forced ~= '' then
  local key, model = load(ask.forced, now)
  advance(key, now, day)
  best = { id = ask.forced, key = key, model = model }
else
  if ask.preferred ~= '' then
    for _, tier in ipairs(plan.tiers) do
      local from = string.find(tier, ask.preferred, 1, true)
      if from then
        local id = ask.preferred
        local raws = { redis.call('HGET', KEYS[1], id), redis.call('HGET', KEYS[3], id) }
        look(cursor - 1, string.sub(tier, from, from + 12), raws)
        seen.untried, seen.working = 0, 0
      end
    end
  end
  if not best then
    for _, tier in ipairs(plan.tiers) do
      if scan(tier) then break end
    end
  end
  if best and full and ask.take then
    for worker, at in pairs(waiting) do
      if now - at >= ${waitingMs} then waiting[worker] = nil end
    end
    waiting[ask.worker] = now
    redis.call('HSET', KEYS[1], '@waiting', cjson.encode(waiting))
    return { 'busy' }
  end
end

if not best then
  if seen.working == 0 then return { 'denied' } end
  if seen.untried == 0 then return { 'tried' } end
  if seen.busy then return { 'busy' } end
  return { 'wait', math.ceil(seen.at - now) }
end
if not ask.take then return { 'ok' } end

local id, key, model = best.id, best.key, best.model
key[LATELY] = math.floor((key[LATELY] * 2 ^ ((key[LATELY_AT] - now) / 60000) + 1) * 1000 + 0.5) / 1000
key[LATELY_AT] = now
key[LAST_USED_AT] = now
key[RUNNING] = key[RUNNING] + 1
key[REQUESTS] = key[REQUESTS] + 1
key[SLOT_REQUESTS][1] = key[SLOT_REQUESTS][1] + 1
key[SLOT_TOKENS][1] = key[SLOT_TOKENS][1] + want[2]
key[DAY_REQUESTS] = key[DAY_REQUESTS] + 1
key[DAY_TOKENS] = key[DAY_TOKENS] + want[2]
model[M_LEASED] = model[M_LEASED] + 1
model[M_PROMPT] = model[M_PROMPT] + want[3]
model[M_OUTPUT] = model[M_OUTPUT] + want[4]
for i = 1, 4 do
  local first = M_WINDOWS + (i - 1) * 3
  if model[first] >= 0 then model[first] = model[first + 2] > now and math.max(0, model[first] - want[i]) or -1 end
end
local probe = model[M_HALF_OPEN] == 1 and 1 or 0
if probe == 1 then model[M_PROBE_UNTIL] = now + ask.leaseMs end
local used = 0
if best.limits then
  local _, _, share = judge(key, model, best.limits, want, now, nextDay)
  used = share
end
save(id, key, model)
if best.place then redis.call('HSET', KEYS[1], '@cursor', best.place + 1) end
redis.call('ZADD', KEYS[2], now + ask.leaseMs, id .. ':' .. ask.attempt)
return { 'ok', id, now, probe, math.floor(used * 1000), model[M_LEASED], model[M_PROMPT], model[M_OUTPUT] }`;

/** Takes a key and a place, or says why not. */
export const leaseScript: Script = { name: 'refrainKeyLease', keys: 3, lua: leaseLua };
