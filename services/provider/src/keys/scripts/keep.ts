/** What workers say without a call: that they are there, and how a probe went. */
import type { Script } from '@refrain/state';
import { prelude } from './prelude.ts';

const keepLua = `${prelude}
local now = clock()
local kept = cjson.decode(ARGV[2])
-- KEYS[3] is not used here: the records of models are of no account for who has which key.
for _, each in ipairs(kept.keys) do
  local raw = redis.call('HGET', KEYS[1], each[1])
  local key = toKey(raw, now)
  if each[3] ~= '' then
    local known = cjson.decode(each[3])
    -- Redis has lost its data: what the worker knew holds, but for what has begun since.
    if known[ADDED_AT] < key[ADDED_AT] then
      known[RUNNING] = raw and key[RUNNING] or 0
      if known[DISABLED] == '' and key[DISABLED] ~= '' then
        for i = DISABLED, PROBE_EVERY_MS do known[i] = key[i] end
      end
      key = known
    end
  end
  key[SEEN_AT] = now
  key[POOL] = each[2]
  save(each[1], key)
end
for _, member in ipairs(kept.leases) do
  if redis.call('ZADD', KEYS[2], now + kept.leaseMs, member) == 1 then
    -- It ended while Redis was away, or was taken then: it is under way all the same.
    local id = string.sub(member, 1, 12)
    local key = toKey(redis.call('HGET', KEYS[1], id), now)
    key[RUNNING] = key[RUNNING] + 1
    save(id, key)
  end
end
return now`;

const probeLua = `${prelude}
local now = clock()
local key = toKey(redis.call('HGET', KEYS[1], ARGV[2]), now)
if key[DISABLED] == '' or key[PROBE_AT] == 0 then return 0 end
if ARGV[3] == 'claim' then
  if now < key[PROBE_AT] then return 0 end
  -- Whoever claims it has a minute; then another worker may.
  key[PROBE_AT] = now + 60000
elseif ARGV[3] == 'alive' then
  key[DISABLED] = ''
  key[PROBE_AT] = 0
  key[DISABLED_AT] = now
  key[TRIAL] = 1
else
  key[PROBE_EVERY_MS] = math.min(key[PROBE_EVERY_MS] * 2, 86400000)
  key[PROBE_AT] = now + key[PROBE_EVERY_MS]
end
save(ARGV[2], key)
return 1`;

/** Says which keys a worker has and which of its leases go on. */
export const keepScript: Script = { name: 'refrainKeyKeep', keys: 3, lua: keepLua };
/** Claims the probe of a key that is out, and says how it went. */
export const probeScript: Script = { name: 'refrainKeyProbe', keys: 3, lua: probeLua };
