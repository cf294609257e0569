-- The generic cell rate algorithm (GCRA, ITU-T I.371) for all limits of a request at once: checked together, then
-- spent together; a refused request spends nothing. A limit is one string: the moment at which its client's debt is
-- paid, in microseconds of this server's clock; no key means no debt.
--
-- KEYS  one for each limit, all of one hash tag
-- ARGV  five for each limit, in the order of the keys:
--       interval in microseconds, tolerance in microseconds, cost in units,
--       unreported: units that a process has admitted before and that are spent in any case,
--       shadow: "1" if this limit never refuses
-- Result: the debt of each limit in microseconds, with the unreported units, before this request. The caller applies
--         the same rule: the request passes if debt + cost * interval <= tolerance for all limits but shadow ones.
--
-- A key of another type or with an invalid value counts as missing; an impossible debt counts as a full one.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local debts, healed, allowed = {}, {}, true

for place, key in ipairs(KEYS) do
  local at = (place - 1) * 5
  local interval, tolerance = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local found = redis.pcall('GET', key)
  local paid = type(found) == 'string' and string.match(found, '^%d+$') and tonumber(found) or now
  if paid > now + 3 * tolerance then
    paid = now + tolerance
    healed[place] = true
  end
  local debt = math.max(paid - now, 0) + tonumber(ARGV[at + 4]) * interval
  debts[place] = debt
  if debt + tonumber(ARGV[at + 3]) * interval > tolerance and ARGV[at + 5] ~= '1' then
    allowed = false
  end
end

for place, key in ipairs(KEYS) do
  local at = (place - 1) * 5
  local debt, spent = debts[place], ARGV[at + 3] * ARGV[at + 1]
  if not allowed or debt + spent > tonumber(ARGV[at + 2]) then
    spent = 0
  end
  local left = debt + spent
  if left > 0 and (spent > 0 or tonumber(ARGV[at + 4]) > 0 or healed[place]) then
    redis.call('SET', key, string.format('%.0f', now + left), 'PX', math.ceil(left / 1000))
  end
end
return debts
