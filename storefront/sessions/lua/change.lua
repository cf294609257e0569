-- Change some fields of a session, all or none: only if each still has the value that the caller has read, and only
-- if the session has neither ended nor expired. With a second key the session moves there, and the old id ends.
--
-- KEYS[1]  the session, KEYS[2]  (to rotate) its new key, with the same hash tag
-- ARGV[1]  milliseconds that a tombstone lives; then three for each field: its name, its value before ('': none) and
--          its new value ('': delete the field; an encoded value is never empty)
-- Result: {'done'}, {'gone'} if there is no live session, or {'conflict', name, value now, …} with nothing written.
if type(redis.pcall('HGET', KEYS[1], 'created')) ~= 'string' then
  return {'gone'}
end
local answer = {'conflict'}
for at = 2, #ARGV, 3 do
  local holds = redis.call('HGET', KEYS[1], ARGV[at]) or ''
  if holds ~= ARGV[at + 1] then
    answer[#answer + 1] = ARGV[at]
    answer[#answer + 1] = holds
  end
end
if #answer > 1 then
  return answer
end
for at = 2, #ARGV, 3 do
  if ARGV[at + 2] == '' then
    redis.call('HDEL', KEYS[1], ARGV[at])
  else
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2])
  end
end
if KEYS[2] then
  redis.call('RENAME', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'ended', '1')
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return {'done'}
