-- Invalidate every entry with one of the tags, in constant time: set the tags' times and publish it.
--
-- KEYS  1 tag times
-- ARGV  1 "1" for a hard purge (never to be shown again, not even when the source fails)
--       2 channel ("" = do not publish)  3 microseconds after which a tag time may go (longer than any entry lives)
--       4 the clocks of the other shards, " 1 2 …"  5.. tags
-- Result: the clock, as text
--
-- Message: "=hard clock …" with the clocks of all shards, then the tags, each on a line of its own.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local known = redis.call('ZMSCORE', KEYS[1], '=born', '=clock')
local clock = math.max(tonumber(known[2] or 0) + 1, now)
local text = string.format('%.0f', clock)
local changes = {text, '=clock'}
if not known[1] then
  changes[#changes + 1] = text
  changes[#changes + 1] = '=born'
end
for place = 5, #ARGV do
  changes[#changes + 1] = text
  changes[#changes + 1] = ARGV[place]
  if ARGV[1] == '1' then
    changes[#changes + 1] = text
    changes[#changes + 1] = '!' .. ARGV[place]
  end
end
local message = table.concat(ARGV, '\n', 5)
local added = redis.pcall('ZADD', KEYS[1], unpack(changes))
if type(added) == 'table' and added.err then
  if not string.find(added.err, 'OOM', 1, true) then return added end
  -- Redis is full: a time cannot be added, but all can be deleted. Without tag times every entry counts as dropped.
  redis.call('DEL', KEYS[1])
  message = 'everything'
end
-- Each call removes a few times that are older than any entry, so the set stays small without a sweep.
local old = string.format('(%.0f', clock - ARGV[3])
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', old, 'LIMIT', 0, 16)) do
  if string.sub(tag, 1, 1) ~= '=' then redis.call('ZREM', KEYS[1], tag) end
end
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], '=' .. ARGV[1] .. ' ' .. text .. ARGV[4] .. '\n' .. message)
end
return text
