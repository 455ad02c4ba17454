/**
 * How evidence is added to what is known of a partition, and how what is known fades (docs/decisions/0016-learning.md): a long good past must
 * not hide a new fault, nor a burst of faults hold for ever what is good again. What fades is measured in what was seen since, not in days:
 * where nothing happens nothing is known better than before. Verdicts that were sampled fade as such verdicts come in, all else by hits.
 */
import type { Script } from '@refrain/state';

/** Of sampled verdicts, what counts half by then: newer ones. */
export const halfLifeVerdicts = 150;
/**
 * So many sampled verdicts a class of confidence keeps, whatever comes in at others: what is refused is judged ten times as often as what is
 * served, and must not push out what little is known of that.
 */
export const keptVerdicts = 10;
/** Of everything else that is counted of hits, what counts half by then: hits that came since, served or not. */
export const halfLifeHits = 2000;

/**
 * Adds to the counters and gives all of them. Sums of time and money, and what was ever counted, do not fade.
 * KEYS: counters, list of the tenant's partitions. ARGV: partition, now, how long both are kept, then field and number, …
 */
export const countEvidence: Script = {
  name: 'refrainCountEvidence',
  keys: 2,
  lua: `
local function binned(field) return string.match(field, '^(%a+):(%d+)$') end
local verdicts, hits = 0, 0
for i = 4, #ARGV, 2 do
  local kind = binned(ARGV[i])
  if kind == 'sampled' then verdicts = verdicts + ARGV[i + 1] end
  if kind == 'hits' then hits = hits + ARGV[i + 1] end
end
if verdicts + hits > 0 then
  local known, fading = {}, {}
  local flat = redis.call('HGETALL', KEYS[1])
  for i = 1, #flat, 2 do known[flat[i]] = tonumber(flat[i + 1]) end
  for field, count in pairs(known) do
    local kind, bin = binned(field)
    local share = 1
    if kind == 'sampled' or kind == 'sampledWrong' then
      local all = known['sampled:' .. bin] or 0
      if all > ${keptVerdicts} then share = math.max(2 ^ (-verdicts / ${halfLifeVerdicts}), ${keptVerdicts} / all) end
    elseif kind or field == 'lookups' then
      share = 2 ^ (-hits / ${halfLifeHits})
    end
    if share < 1 then
      fading[#fading + 1] = field
      fading[#fading + 1] = string.format('%.10g', count * share)
    end
  end
  if #fading > 0 then redis.call('HSET', KEYS[1], unpack(fading)) end
end
for i = 4, #ARGV, 2 do
  local add = (binned(ARGV[i]) or ARGV[i] == 'lookups') and 'HINCRBYFLOAT' or 'HINCRBY'
  redis.call(add, KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2] - ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return redis.call('HGETALL', KEYS[1])`,
};
