-- Invalidate every entry with one of the tags, in constant time: set the tags' times and publish it.
--
-- KEYS  1 tag times
-- ARGV  1 mode: "0" strict  "1" hard (never to be shown again, not even when the source fails)
--              "~" relaxed (the old entry may be shown for a while)
--       2 channel ("" = do not publish)  3 microseconds after which a tag time may go (longer than any entry lives)
--       4 the clocks of the other shards, " 1 2 …"  5 microseconds of a burst of relaxed invalidations  6.. tags
-- Result: the clock, as text
--
-- Message: "=mode clock …" with the clocks of all shards, then the tags, each on a line of its own. A process of an
-- earlier version takes a relaxed invalidation for a strict one.
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
local function set(name, score)
  changes[#changes + 1] = score
  changes[#changes + 1] = name
end
if ARGV[1] == '~' then
  local names = {}
  for place = 6, #ARGV do
    names[#names + 1] = '~' .. ARGV[place]
    names[#names + 1] = '~<' .. ARGV[place]
  end
  local times = redis.call('ZMSCORE', KEYS[1], unpack(names))
  for place = 6, #ARGV do
    local tag, last, first = ARGV[place], times[2 * place - 11], times[2 * place - 10]
    set('~' .. tag, text)
    if not (first and clock - first <= tonumber(ARGV[5])) then -- a new burst, see fetch.lua
      if last then set('~>' .. tag, last) end
      set('~<' .. tag, text)
    end
  end
else
  for place = 6, #ARGV do
    set(ARGV[place], text)
    if ARGV[1] == '1' then set('!' .. ARGV[place], text) end
  end
end
local message = table.concat(ARGV, '\n', 6)
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
