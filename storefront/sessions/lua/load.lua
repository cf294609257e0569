-- Read a session, and extend its life if less than 90 % of it is left.
--
-- KEYS[1]  the session
-- ARGV[1]  milliseconds that an unused session lives, ARGV[2]  milliseconds that any session lives at most
-- Result: the name and value of each field of the hash; empty if there is none, if it is too old, or if the key holds
--         another type.
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
-- Without this second of tolerance, a session near its maximum age would be written at every read.
if pttl < left - 1000 or pttl > left + 1000 then
  redis.pcall('PEXPIRE', KEYS[1], left) -- a replica refuses this; the session is read all the same
end
return found
