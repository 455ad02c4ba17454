/**
 * Scripts keep the accounts in Redis, each in one visit and as a whole. An account is a hash: the day (UTC) and what was settled in
 * it, the month likewise, what is held for attempts under way, and each hold; beside it a sorted set says when holds end by themselves.
 * A user's account, its tenant's and the tenant's sums share a hash tag, so they lie on one node of a cluster.
 */
import type { Script } from '@refrain/state';

/** Takes away the holds whose time is over, then gives settled day, settled month and held. */
const common = `
local function text(value) return string.format('%.0f', value) end
local function clock()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end
local function release(account, open, attempt)
  local held = redis.call('HGET', account, 'hold:' .. attempt)
  if not held then return end
  redis.call('HDEL', account, 'hold:' .. attempt)
  redis.call('HINCRBY', account, 'held', '-' .. held)
  redis.call('ZREM', open, attempt)
end
local function look(account, open, day, month, now)
  local over = redis.call('ZRANGEBYSCORE', open, '-inf', text(now))
  if #over > 0 then
    for _, attempt in ipairs(over) do release(account, open, attempt) end
    redis.call('ZREMRANGEBYSCORE', open, '-inf', text(now))
  end
  local known = redis.call('HMGET', account, 'day', 'daySpent', 'month', 'monthSpent', 'held')
  local function number(place) return tonumber(known[place] or '0') end
  return { known[1] == day and number(2) or 0, known[3] == month and number(4) or 0, number(5) }
end
`;

/**
 * KEYS: user's account and holds, tenant's account and holds. ARGV: attempt, amount, day, month, how long it is held (ms), the limits
 * (user's day and month, tenant's day and month; -1 for none), how long an account is kept (ms). Gives '' or what has run out, then the
 * three figures of each account.
 */
export const holdScript: Script = {
  name: 'refrainBudgetHold',
  keys: 4,
  lua: `${common}
local attempt, amount, day, month = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local now = clock()
local user = look(KEYS[1], KEYS[2], day, month, now)
local tenant = look(KEYS[3], KEYS[4], day, month, now)
local function fits(spent, held, limit) return limit < 0 or spent + held + amount <= limit end
local out = ''
if not fits(user[1], user[3], tonumber(ARGV[6])) then out = 'user/day'
elseif not fits(user[2], user[3], tonumber(ARGV[7])) then out = 'user/month'
elseif not fits(tenant[1], tenant[3], tonumber(ARGV[8])) then out = 'tenant/day'
elseif not fits(tenant[2], tenant[3], tonumber(ARGV[9])) then out = 'tenant/month'
else
  local ends = text(now + ARGV[5])
  for i = 1, 3, 2 do
    redis.call('HSET', KEYS[i], 'hold:' .. attempt, ARGV[2])
    redis.call('HINCRBY', KEYS[i], 'held', ARGV[2])
    redis.call('ZADD', KEYS[i + 1], ends, attempt)
    redis.call('PEXPIRE', KEYS[i], ARGV[10])
    redis.call('PEXPIRE', KEYS[i + 1], ARGV[10])
  end
  user[3] = user[3] + amount
  tenant[3] = tenant[3] + amount
end
return { out, text(user[1]), text(user[2]), text(user[3]), text(tenant[1]), text(tenant[2]), text(tenant[3]) }`,
};

/**
 * KEYS: the attempt's mark, user's account and holds, tenant's account and holds, the day's sums. ARGV: attempt, cost, day, month, how
 * long the mark stands (ms), how long an account is kept (ms), how long sums are kept (ms), then pairs of a sum's field and what it
 * grows by. Gives 0 where the attempt was settled before; the mark then ends when this call says.
 */
export const settleScript: Script = {
  name: 'refrainBudgetSettle',
  keys: 6,
  lua: `${common}
local attempt, cost, day, month = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[5]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return { 0 }
end
local function book(account, span, sum, id)
  local known = redis.call('HGET', account, span)
  if known and known > id then return end
  if known ~= id then redis.call('HSET', account, span, id, sum, '0') end
  redis.call('HINCRBY', account, sum, cost)
end
for i = 2, 4, 2 do
  release(KEYS[i], KEYS[i + 1], attempt)
  if cost ~= '0' then
    book(KEYS[i], 'day', 'daySpent', day)
    book(KEYS[i], 'month', 'monthSpent', month)
    redis.call('PEXPIRE', KEYS[i], ARGV[6])
  end
end
for i = 8, #ARGV, 2 do redis.call('HINCRBY', KEYS[6], ARGV[i], ARGV[i + 1]) end
if #ARGV > 7 then redis.call('PEXPIRE', KEYS[6], ARGV[7]) end
local now = clock()
local user = look(KEYS[2], KEYS[3], day, month, now)
local tenant = look(KEYS[4], KEYS[5], day, month, now)
return { 1, text(user[1]), text(user[2]), text(user[3]), text(tenant[1]), text(tenant[2]), text(tenant[3]) }`,
};

/** KEYS: marks of attempts. ARGV: how long those that stand go on to (ms). Gives 1 for each that stands, 0 for each that does not. */
export const marksScript: Script = {
  name: 'refrainBudgetMarks',
  lua: `
local stand = {}
for i, mark in ipairs(KEYS) do stand[i] = redis.call('PEXPIRE', mark, ARGV[1]) end
return stand`,
};
