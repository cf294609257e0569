-- Read a session, and push its end away once less than 90 % of its time is left.
--
-- KEYS[1]  the session
-- ARGV[1]  milliseconds that an unused session lives, ARGV[2]  milliseconds that any session lives at most
-- Result: its hash as names and values in turn; nothing if there is none, if it is too old, or if the key is not ours.
local found = redis.pcall('HGETALL', KEYS[1])
if found.err then
  return string.find(found.err, 'WRONGTYPE', 1, true) and {} or found
end
local ttl, pttl = tonumber(ARGV[1]), redis.call('PTTL', KEYS[1])
if #found == 0 or (pttl >= ttl * 0.9 and pttl <= ttl) then
  return found
end
local created = tonumber(redis.call('HGET', KEYS[1], 'created') or '')
if not created then
  return found -- a tombstone
end

local time = redis.call('TIME')
local left = math.min(ttl, created + tonumber(ARGV[2]) - time[1] * 1000 - math.floor(time[2] / 1000))
if left <= 0 then
  redis.pcall('DEL', KEYS[1])
  return {}
end
-- A second more or less is not worth a write: near its greatest age a session would be written at every reading.
if pttl < left - 1000 or pttl > left + 1000 then
  redis.pcall('PEXPIRE', KEYS[1], left) -- a replica may refuse: the session is read all the same
end
return found
