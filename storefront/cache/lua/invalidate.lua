-- Drop every entry that carries one of the tags, in constant time: raise the tags' marks and tell everybody.
--
-- KEYS  1 marks
-- ARGV  1 "1" for a hard purge (never to be shown again, not even when the source fails)  2 channel ("" = tell nobody)
--       3 microseconds after which a mark may go (longer than any entry lives)
--       4 the clocks of the other shards, " 1 2 …"  5.. tags
-- Result: the clock, as text
--
-- What is told: "=hard clock …" of all shards, then the tags, each on a line of its own.
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
local told = table.concat(ARGV, '\n', 5)
local marked = redis.pcall('ZADD', KEYS[1], unpack(changes))
if type(marked) == 'table' and marked.err then
  if not string.find(marked.err, 'OOM', 1, true) then return marked end
  -- Full: there is no room for a mark, but there is always room for less. Without marks everything counts as dropped.
  redis.call('DEL', KEYS[1])
  told = 'everything'
end
-- A few that no entry can be older than any more go with each call, so the set stays small without a sweep.
local old = string.format('(%.0f', clock - ARGV[3])
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', old, 'LIMIT', 0, 16)) do
  if string.sub(tag, 1, 1) ~= '=' then redis.call('ZREM', KEYS[1], tag) end
end
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], '=' .. ARGV[1] .. ' ' .. text .. ARGV[4] .. '\n' .. told)
end
return text
