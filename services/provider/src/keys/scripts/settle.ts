/** Gives a place back, and learns. */
import type { Script } from '@refrain/state';
import { slotMs, slots, windowMs } from '../records.ts';
import { prelude } from './prelude.ts';

const settleLua = `${prelude}
local now = clock()
local told = cjson.decode(ARGV[2])
local id, want, outcome = told.id, told.want, told.outcome
local day = dayOf(now, told.midnights)
local key, model = load(id, now)
advance(key, now, day)

if told.windows then
  local requests = model[M_LEASED] - told.counters[1]
  local prompt = model[M_PROMPT] - told.counters[2]
  local output = model[M_OUTPUT] - told.counters[3]
  local since = { requests, prompt + output, prompt, output }
  for i = 1, 4 do
    local window = told.windows[i]
    local first = M_WINDOWS + (i - 1) * 3
    if window then
      -- What was leased after this call the provider may not have seen when it wrote its headers.
      model[first] = math.max(0, window[1] - since[i])
      model[first + 1] = window[2]
      model[first + 2] = now + window[3]
    end
  end
end
if told.open then
  -- The provider took the request: whoever waited for this try may come.
  model[M_HALF_OPEN] = 0
  model[M_PROBE_UNTIL] = 0
  key[TRIAL] = 0
end
if outcome == 'told' then
  save(id, key, model)
  return { 0, 0 }
end

if redis.call('ZREM', KEYS[2], id .. ':' .. told.attempt) == 1 then key[RUNNING] = math.max(0, key[RUNNING] - 1) end
if told.probe then model[M_PROBE_UNTIL] = 0 end
local back = key[SLOT] - math.floor(told.at / ${slotMs}) + 1
local unused = outcome == 'unused' and 1 or 0
if back >= 1 and back <= ${slots} then
  key[SLOT_TOKENS][back] = math.max(0, key[SLOT_TOKENS][back] + told.spent - want[2])
  key[SLOT_REQUESTS][back] = math.max(0, key[SLOT_REQUESTS][back] - unused)
end
if told.at >= key[DAY] then
  key[DAY_TOKENS] = math.max(0, key[DAY_TOKENS] + told.spent - want[2])
  key[DAY_REQUESTS] = math.max(0, key[DAY_REQUESTS] - unused)
end

local function rest(ms)
  model[M_REST_UNTIL] = math.max(model[M_REST_UNTIL], now + ms)
  model[M_HALF_OPEN] = 1
end
local fault = outcome == 'rest' or outcome == 'failed' or outcome == 'denied'
if outcome == 'ok' then
  -- One that was under way when the key was told to rest proves nothing about the time after it.
  if told.at >= model[M_REST_UNTIL] then model[M_HALF_OPEN] = 0 end
  if told.at >= key[DISABLED_AT] then
    key[TRIAL] = 0
    key[PROBE_EVERY_MS] = 0
  end
elseif outcome == 'rest' then
  rest(told.restMs)
elseif outcome == 'failed' and told.restMs > 0 then
  rest(told.restMs)
elseif outcome == 'denied' and key[DISABLED] == '' then
  key[DISABLED] = told.reason
  key[DISABLED_AT] = now
  key[PROBE_EVERY_MS] = key[PROBE_EVERY_MS] == 0 and told.probeMs or math.min(key[PROBE_EVERY_MS] * 2, 86400000)
  key[PROBE_AT] = now + key[PROBE_EVERY_MS]
end
if unused == 0 then
  if now - key[WINDOW_AT] > ${windowMs} then
    key[WINDOW_AT] = now
    key[WINDOW_CALLS] = 0
    key[WINDOW_ERRORS] = 0
  end
  key[WINDOW_CALLS] = key[WINDOW_CALLS] + 1
end
if fault then
  key[WINDOW_ERRORS] = key[WINDOW_ERRORS] + 1
  key[ERRORS] = key[ERRORS] + 1
  key[LAST_ERROR] = told.reason
  key[LAST_ERROR_AT] = now
end
save(id, key, model)
return { key[WINDOW_CALLS], key[WINDOW_ERRORS] }`;

/** Gives the place back and learns how the call went, or what the head of its reply said. */
export const settleScript: Script = { name: 'refrainKeySettle', keys: 3, lua: settleLua };
